"""Tables as CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

# A cell that begins like this is a formula to Excel, LibreOffice or Google Sheets (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Excel reads UTF-8 only when it says so.
_MARK = "\ufeff"


def cell(value: Any) -> str | int | float:
    """Numbers stay numbers; text that would be calculated gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    text = text.replace("\x00", "")
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV text, without the byte order mark."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return out.getvalue()


def document(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A whole file."""
    return (_MARK + lines([head, *rows])).encode()
