"""What a tenant can ask to send: every kind, every limit, every broken rule reported at once.

Pure: no database, no network, no clock. `parse_draft` is the one way in.
"""

from recado.messages.content.model import (
    MAX_PRIORITY,
    MEDIA_KINDS,
    NORMAL_PRIORITY,
    PRIORITIES,
    Draft,
    Kind,
    MarkRead,
    MessageClass,
    Violation,
    needs_window,
)
from recado.messages.content.parse import parse_draft, parse_mark_read
from recado.messages.content.recipient import parse_phone
from recado.messages.content.summary import preview

__all__ = [
    "MAX_PRIORITY",
    "MEDIA_KINDS",
    "NORMAL_PRIORITY",
    "PRIORITIES",
    "Draft",
    "Kind",
    "MarkRead",
    "MessageClass",
    "Violation",
    "needs_window",
    "parse_draft",
    "parse_mark_read",
    "parse_phone",
    "preview",
]
