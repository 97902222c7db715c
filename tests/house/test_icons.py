"""icons.txt holds what the panel draws: every name more is weight in each browser, every name less an error page."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jinja2 import Environment, nodes
from tests.support.repository import SOURCE

PANEL = SOURCE / "recado" / "web" / "panel"
TEMPLATES = sorted((PANEL / "templates").rglob("*.html"))
NAMED = (PANEL / "icons.txt").read_text("utf-8").split()
# How macros call the parameter that is an icon; `icon` itself calls it by its name.
PARAMETER = {"icon": "name"}
ENGINE = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])


def parsed() -> Iterator[nodes.Template]:
    for path in TEMPLATES:
        yield ENGINE.parse(path.read_text("utf-8"))


def places() -> dict[str, int]:
    """Macro -> at which place it takes an icon."""
    found = {}
    for tree in parsed():
        for macro in tree.find_all(nodes.Macro):
            wanted = PARAMETER.get(macro.name, "icon_name")
            for at, argument in enumerate(macro.args):
                if argument.name == wanted:
                    found[macro.name] = at
    return found


def strings(tree: nodes.Node) -> Iterator[str]:
    if isinstance(tree, nodes.Const) and isinstance(tree.value, str):
        yield tree.value
    for one in tree.find_all(nodes.Const):
        if isinstance(one.value, str):
            yield one.value


def given() -> Iterator[nodes.Expr]:
    """What every call hands to a macro where that takes an icon."""
    at = places()
    for tree in parsed():
        for call in tree.find_all(nodes.Call):
            macro = getattr(call.node, "attr", None) or getattr(call.node, "name", "")
            if macro in at:
                yield from call.args[at[macro] : at[macro] + 1]
                yield from (one.value for one in call.kwargs if one.key in ("icon_name", "name"))


def branches(one: nodes.Expr | None) -> Iterator[str]:
    """The names an expression can only mean as icons."""
    if isinstance(one, nodes.Const) and isinstance(one.value, str):
        yield one.value
    if isinstance(one, nodes.CondExpr):
        yield from branches(one.expr1)
        yield from branches(one.expr2)


def in_templates() -> Iterator[str]:
    for one in given():
        yield from strings(one)
    for tree in parsed():
        for macro in tree.find_all(nodes.Macro):
            for default in macro.defaults:
                yield from strings(default)
        for table in tree.find_all(nodes.Assign):
            yield from strings(table.node)


def in_code() -> Iterator[str]:
    """What stands where an icon may: a value of a table, a place in a row, an argument of a small class."""
    for path in sorted(PANEL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            held: list[ast.expr | None] = []
            if isinstance(node, ast.Tuple | ast.List):
                held = [*node.elts]
            elif isinstance(node, ast.Dict):
                held = [*node.values]
            elif isinstance(node, ast.Call):
                small = isinstance(node.func, ast.Name) and node.func.id[0].isupper()
                held = [*node.args] if small else []
                held += [one.value for one in node.keywords if one.arg == "icon"]
            for one in held:
                yield from _constants(one)


def _constants(one: ast.expr | None) -> Iterator[str]:
    if isinstance(one, ast.Constant) and isinstance(one.value, str):
        yield one.value
    if isinstance(one, ast.IfExp):
        yield from _constants(one.body)
        yield from _constants(one.orelse)


def test_the_list_is_what_is_drawn() -> None:
    drawn = {*in_templates(), *in_code()}
    assert sorted(set(NAMED) - drawn) == [], (
        "nobody draws these: take them out of icons.txt and run `make setup`"
    )


def test_nothing_is_drawn_that_is_not_listed() -> None:
    """Such a page would break where it is shown; this says so before."""
    asked = {name for one in given() for name in branches(one)}
    assert len(asked) > 40
    assert sorted(asked - set(NAMED)) == []


def test_the_look_would_notice() -> None:
    assert {"moon", "flask-conical", "triangle-alert"} <= set(in_templates())
    assert {"message-square-text", "headphones"} <= set(in_code())
    assert places()["button"] == 1
