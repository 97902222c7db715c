"""Which pictures there are, how they are taken, and how to tell that a screen no longer looks like its picture.

Pictures are not compared dot by dot: every machine has its own fonts. Beside them lies a print of each screen: its
visible words (figures masked) and the colours, sizes and shapes the style sheets gave them, as the browser worked
them out. That is the same everywhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Page
from tests.support.repository import ROOT

from recado.web.panel.screens import NAVIGATION

FOLDER = ROOT / "docs" / "img"
PRINTS = FOLDER / "prints.json"
MOST_BYTES = 4_000_000
REFRESH = (
    "a screen no longer looks like its picture: run `python scripts/pictures.py`, look at docs/img, commit it"
)
LOOKS: dict[str, dict[str, Any]] = {
    "claro": {"width": 1440, "height": 900, "scheme": "light"},
    "escuro": {"width": 1440, "height": 900, "scheme": "dark"},
    "fone": {"width": 390, "height": 780, "scheme": "light"},
}
# What the navigation does not list: one message, and the handset beside the panel.
BESIDE = ("mensagem", "celular")


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What a screen looks like, in two short numbers."""

    words: str
    shapes: str


def screens() -> list[str]:
    """Every screen that needs pictures: what the navigation opens, and what is beside it."""
    return [*(entry.path.rsplit("/", 1)[-1] for entry in NAVIGATION.entries()), *BESIDE]


def pictures() -> list[str]:
    return [f"{screen}-{look}.jpg" for screen in screens() for look in LOOKS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """The prints of all pictures, and the browser that worked them out."""

    browser: str = ""
    pictures: dict[str, Print]

    def parts(self, browser: str) -> tuple[str, ...]:
        """What may be compared: another edition of the browser brings other shapes for its own controls."""
        return ("words", "shapes") if browser == self.browser else ("words",)


def kept() -> Prints:
    if not PRINTS.exists():
        return Prints(pictures={})
    found = json.loads(PRINTS.read_text("utf-8"))
    return Prints(
        browser=found["browser"], pictures={name: Print(**one) for name, one in found["pictures"].items()}
    )


def keep(prints: Prints) -> None:
    told = {name: {"words": one.words, "shapes": one.shapes} for name, one in sorted(prints.pictures.items())}
    whole = {"browser": prints.browser, "pictures": told}
    PRINTS.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def difference(name: str, before: Prints, now: Print, browser: str, seen: dict[str, str]) -> list[str]:
    """What changed in one picture, in words."""
    old = before.pictures.get(name)
    if old is None:
        return [f"{name}: has no print yet"]
    changed = [part for part in before.parts(browser) if getattr(old, part) != getattr(now, part)]
    return [f"{name}: other {part} ({len(seen[part].splitlines())} of them)" for part in changed]


# Words: figures, and what only a machine reads, are masked. Shapes: what the style sheets decided, never a length
# that depends on letters.
_LOOK = """() => {
    const styles = ["color", "background-color", "font-size", "font-weight", "display", "border-top-left-radius",
        "border-top-style", "text-decoration-line", "text-transform", "flex-direction"];
    const words = [], shapes = [];
    const masked = (text) => text.replace(/\\d[\\d.,:/ ]*/g, "0").replace(/\\s+/g, " ").trim();
    const said = (text) => masked(text).replace(/0 ?(?:s|min|h|d|dias?)(?![a-zà-ú])/g, "t").replace(/t(?: t)+/g, "t");
    for (const one of document.body.querySelectorAll("*")) {
        if (!one.checkVisibility({ visibilityProperty: true })) continue;
        if (one.closest(".mono, code, pre, option, svg.chart")) continue;
        const style = getComputedStyle(one);
        shapes.push([one.tagName, ...styles.map((name) => style.getPropertyValue(name))].join(" "));
        if (one.tagName === "use") words.push(one.getAttribute("href").split("#").pop());
        for (const node of one.childNodes) {
            const text = node.nodeType === Node.TEXT_NODE ? said(node.data) : "";
            if (text) words.push(text);
        }
        if (one.placeholder) words.push(one.placeholder);
    }
    return { words: words.join("\\n"), shapes: shapes.join("\\n") };
}"""


async def look_at(page: Page) -> tuple[Print, dict[str, str]]:
    """The page's print, and what it was made of."""
    seen = await page.evaluate(_LOOK)
    made = {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in seen.items()}
    return Print(**made), seen


async def dress(page: Page, look: str) -> None:
    """The window and the colours of one look."""
    how = LOOKS[look]
    await page.set_viewport_size({"width": how["width"], "height": how["height"]})
    await page.emulate_media(color_scheme=how["scheme"], reduced_motion="reduce")


async def shoot(page: Page, name: str, folder: Path) -> None:
    await page.screenshot(path=folder / name, type="jpeg", quality=72)
