"""Mutants of a module: one node of its syntax tree changed at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`source` is the whole changed module."""

    line: int
    what: str
    source: str


def unchanged(source: str) -> Mutant:
    """Went the same way, with nothing changed: the tests have to pass."""
    tree = ast.parse(source)
    _forget_docstrings(tree)
    return Mutant(0, "nothing", ast.unparse(tree))


def mutants(source: str) -> Iterator[Mutant]:
    """Every change of one comparison, arithmetic or boolean operator, constant or return value."""
    tree = ast.parse(source)
    _forget_docstrings(tree)
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.AnnAssign) or node.value]
    skipped = _not_behaviour(tree)
    for index, node in enumerate(nodes):
        if id(node) in skipped:
            continue
        for way in range(len(_ways(node))):
            changed = copy.deepcopy(tree)
            twin = [one for one in ast.walk(changed) if not isinstance(one, ast.AnnAssign) or one.value][
                index
            ]
            what = _ways(twin)[way]()
            yield Mutant(getattr(node, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(changed)))


def _forget_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and isinstance(body, list) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value.value = ""


def _not_behaviour(tree: ast.AST) -> set[int]:
    """Annotations, decorators' options (slots, kw_only, repr), and `__future__`: not what the rules say."""
    found: set[int] = set()
    for node in ast.walk(tree):
        roots: list[ast.AST | None] = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        roots += getattr(node, "decorator_list", [])
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "field":
            roots.append(node)
        found |= {id(inner) for root in roots if root is not None for inner in ast.walk(root)}
    return found


def _ways(node: ast.AST) -> list:  # type: ignore[type-arg]
    """Functions that change the node in place and say what they did."""
    match node:
        case ast.Compare():
            return [
                lambda op=op: _set(node, "ops", [op(), *node.ops[1:]], f"compare with {op.__name__}")
                for op in COMPARISONS.get(type(node.ops[0]), ())
            ]
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]
            return [lambda: _set(node, "op", other(), f"{other.__name__} instead")]
        case ast.BoolOp():
            swapped = ast.Or if isinstance(node.op, ast.And) else ast.And
            return [lambda: _set(node, "op", swapped(), f"{swapped.__name__} instead")]
        case ast.Constant():
            return _constants(node)
        case ast.Return() if node.value is not None and not _is_none(node.value):
            return [lambda: _set(node, "value", ast.Constant(value=None), "return None")]
        case _:
            return []


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _constants(node: ast.Constant) -> list:  # type: ignore[type-arg]
    value = node.value
    if isinstance(value, bool):
        return [lambda: _set(node, "value", not value, f"{not value}")]
    if isinstance(value, (int, float)):
        return [lambda: _set(node, "value", value + 1, f"{value} + 1")]
    if isinstance(value, (str, bytes)) and value:
        other = value + ("x" if isinstance(value, str) else b"x")  # type: ignore[operator]
        return [lambda: _set(node, "value", other, f"{value!r} changed")]
    return []


def _set(node: ast.AST, name: str, value: object, what: str) -> str:
    setattr(node, name, value)
    return what
