"""What axe-core has to say about a page: WCAG 2.2 AA and best practice."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

# With only violations asked for, what passed is not described node by node: three times quicker.
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[dict[str, Any]]:
    """As axe describes them; the script stays in the page, so that the next look at it costs only the look."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        "async (rules) => (await axe.run(document, rules)).violations", _RULES
    )
    return found
