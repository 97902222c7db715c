"""Mutants of a module: one node of its syntax tree changed at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
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
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
}
OPPOSITE = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Says itself what it did to the node, which it changes in place.
Change = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Mutant:
    """`source` is the whole changed module."""

    line: int
    what: str
    source: str


def unchanged(source: str) -> Mutant:
    """Went the same way, with nothing changed: the tests have to pass."""
    return Mutant(0, "nothing", ast.unparse(_parsed(source)))


def mutants(source: str, only: Sequence[str] = ()) -> Iterator[Mutant]:
    """Every change of one comparison, arithmetic or boolean operator, condition, constant or return value, in the named
    definitions or everywhere. Raises ValueError when a name is not there."""
    tree = _parsed(source)
    skipped = _not_behaviour(tree)
    inside = _inside(tree, only)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in skipped or (only and id(node) not in inside):
            continue
        for way in range(len(_ways(node))):
            changed = copy.deepcopy(tree)
            twin = next(one for at, one in enumerate(ast.walk(changed)) if at == index)
            what = _ways(twin)[way]()
            yield Mutant(getattr(node, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(changed)))


def _parsed(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value.value = ""
    return tree


def _inside(tree: ast.Module, only: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for name in only:
        part: ast.AST | None = tree
        for piece in name.split("."):
            part = next((one for one in getattr(part, "body", []) if _name(one) == piece), None)
        if part is None:
            raise ValueError(f"{name} is not there")
        found |= {id(inner) for inner in ast.walk(part)}
    return found


def _name(statement: ast.stmt) -> str | None:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def _not_behaviour(tree: ast.AST) -> set[int]:
    """Annotations, decorators' options (slots, kw_only), `field(repr=…)` and shapes of wire types: no rules."""
    found: set[int] = set()
    for node in ast.walk(tree):
        roots: list[ast.AST | None] = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        roots += getattr(node, "decorator_list", [])
        if isinstance(node, ast.ClassDef):
            roots += node.keywords
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "field":
            roots.append(node)
        found |= {id(inner) for root in roots if root is not None for inner in ast.walk(root)}
    return found


def _ways(node: ast.AST) -> list[Change]:
    match node:
        case ast.Compare():
            return [
                lambda op=op: _set(node, "ops", [op(), *node.ops[1:]], f"compare with {op.__name__}")
                for op in COMPARISONS.get(type(node.ops[0]), ())
            ]
        case ast.BinOp() | ast.AugAssign() if type(node.op) in ARITHMETIC:
            other = ARITHMETIC[type(node.op)]
            return [lambda: _set(node, "op", other(), f"{other.__name__} instead")]
        case ast.BoolOp():
            swapped = ast.Or if isinstance(node.op, ast.And) else ast.And
            return [lambda: _set(node, "op", swapped(), f"{swapped.__name__} instead")]
        case ast.If() | ast.IfExp():
            return _conditions(node)
        case ast.Call(func=ast.Name(id=name) as called) if name in OPPOSITE:
            return [lambda: _set(called, "id", OPPOSITE[name], f"{OPPOSITE[name]} instead")]
        case ast.Constant():
            return _constants(node)
        case ast.Return() if node.value is not None and not _is_none(node.value):
            return [lambda: _set(node, "value", ast.Constant(value=None), "return None")]
        case _:
            return []


def _conditions(node: ast.If | ast.IfExp) -> list[Change]:
    """The other way round; comparisons and their joints are changed by themselves."""
    test = node.test
    match test:
        case ast.Compare() | ast.BoolOp():
            return []
        case ast.UnaryOp(op=ast.Not()):
            return [lambda: _set(node, "test", test.operand, "without not")]
        case _:
            return [lambda: _set(node, "test", ast.UnaryOp(op=ast.Not(), operand=test), "not")]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _constants(node: ast.Constant) -> list[Change]:
    value = node.value
    if isinstance(value, bool):
        return [lambda: _set(node, "value", not value, f"{not value}")]
    if isinstance(value, (int, float)):
        return [lambda: _set(node, "value", value + 1, f"{value} + 1")]
    if isinstance(value, str) and value:
        return [lambda: _set(node, "value", value + "x", f"{value!r} changed")]
    if isinstance(value, bytes) and value:
        return [lambda: _set(node, "value", value + b"x", f"{value!r} changed")]
    return []


def _set(node: ast.AST, name: str, value: object, what: str) -> str:
    setattr(node, name, value)
    return what
