"""Text somebody wrote, shown as text. WhatsApp's marks become elements; everything else is escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

_LINK = re.compile(r"https?://[^\s<>\"'`\x00-\x20]{1,2000}", re.IGNORECASE)
_FENCE = re.compile(r"```(.+?)```", re.DOTALL)
_MARKS = {"*": "strong", "_": "em", "~": "s", "`": "code"}
_TRAILING = ".,;:!?)]}»\"'*_~`"
# Direction controls can make text read as something else; each is shown as a mark instead.
_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class _Piece:
    element: str | None  # None is plain text
    text: str


def clean(text: str) -> str:
    """Without what no screen should be asked to draw: NUL and other controls, direction overrides, lone
    surrogates."""
    return "".join(map(_visible, text))


def _visible(one: str) -> str:
    if one in "\n\t":
        return one
    if one in _CONTROLS:
        return "\ufffd"
    kind = unicodedata.category(one)
    return "\ufffd" if kind in ("Cc", "Cs", "Zl", "Zp") else one


def plain(text: str | None, most: int | None = None) -> Markup:
    """One line of text, escaped; `most` characters at the longest."""
    shown = " ".join(clean(text or "").split())
    if most is not None and len(shown) > most:
        shown = shown[: most - 1].rstrip() + "…"
    return escape(shown)


def rich(text: str | None) -> Markup:
    """The text as a bubble shows it: marks as elements, addresses as safe links, lines kept. `dir=auto` lets each
    text run its own way without touching its surroundings."""
    shown = clean(text or "")
    out: list[Markup] = []
    at = 0
    for fence in _FENCE.finditer(shown):
        out += _lines(shown[at : fence.start()])
        out.append(Markup("<code class='block'>{}</code>").format(fence[1].strip("\n")))
        at = fence.end()
    out += _lines(shown[at:])
    return Markup("<bdi class='said' dir='auto'>{}</bdi>").format(Markup("").join(out))


def _lines(text: str) -> Iterator[Markup]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Markup("<br>")
        yield from _linked(line)


def _linked(line: str) -> Iterator[Markup]:
    at = 0
    for match in _LINK.finditer(line):
        address = match[0].rstrip(_TRAILING)
        yield _marked(line[at : match.start()], 0)
        yield Markup("<a href='{0}' rel='noopener noreferrer nofollow ugc' target='_blank'>{0}</a>").format(
            address
        )
        at = match.start() + len(address)
    yield _marked(line[at:], 0)


def _marked(text: str, depth: int) -> Markup:
    parts = []
    for piece in _pieces(text):
        if piece.element is None:
            parts.append(escape(piece.text))
        else:
            inner = (
                escape(piece.text)
                if piece.element == "code" or depth >= _DEEPEST
                else _marked(piece.text, depth + 1)
            )
            parts.append(Markup("<{0}>{1}</{0}>").format(Markup(piece.element), inner))  # noqa: S704 - our own names
    return Markup("").join(parts)


def _pieces(text: str) -> Iterator[_Piece]:
    """Splits at marks that open at a word's start and close at a word's end, as WhatsApp does."""
    start = at = 0
    hopeless: set[str] = set()
    while at < len(text):
        mark = text[at]
        end = -1
        if mark in _MARKS and mark not in hopeless and _opens(text, at):
            end = _closing(text, at)
            if end < 0:
                # No later one of this kind closes either: looking once keeps long texts linear.
                hopeless.add(mark)
        if end > 0:
            if at > start:
                yield _Piece(None, text[start:at])
            yield _Piece(_MARKS[mark], text[at + 1 : end])
            start = at = end + 1
        else:
            at += 1
    if start < len(text):
        yield _Piece(None, text[start:])


def _opens(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return not before.isalnum() and not after.isspace() and after != text[at]


def _closing(text: str, at: int) -> int:
    end = text.find(text[at], at + 2)
    while end > 0:
        after = text[end + 1] if end + 1 < len(text) else " "
        if not text[end - 1].isspace() and not after.isalnum():
            return end
        end = text.find(text[at], end + 1)
    return -1
