"""The order in which a message's story is told, and what of a webhook belongs to it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recado.inbound.told import only_about
from recado.messages.model import EventRow
from recado.web.panel.screens.messages_view import story

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def event(seq: int, kind: str, at_s: float, told_s: float | None = None) -> EventRow:
    at = AT + timedelta(seconds=at_s)
    recorded = at if told_s is None else AT + timedelta(seconds=told_s)
    return EventRow(seq=seq, kind=kind, at=at, recorded_at=recorded, data=None)


def test_within_one_second_what_is_told_follows_what_was_done() -> None:
    """Providers tell whole seconds: all of these statuses say 14:30:00."""
    found = story(
        [
            event(1, "message.accepted", 0.4),
            event(4, "status.delivered", 0, 0.9),
            event(3, "status.sent", 0, 0.8),
            event(2, "provider.accepted", 0.7),
        ],
        [],
    )
    assert [step.kind for step in found] == [
        "message.accepted",
        "provider.accepted",
        "status.sent",
        "status.delivered",
    ]
    assert not any(step.late for step in found)


def test_late_is_what_was_told_after_something_later() -> None:
    found = story([event(1, "status.read", 9, 10), event(2, "status.delivered", 4, 12)], [], {2: 1})
    assert [(step.kind, step.late, step.times) for step in found] == [
        ("status.delivered", True, 2),
        ("status.read", False, 1),
    ]
    assert found[1].delta_s == 5


def change(*statuses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "field": "messages",
        "value": {"metadata": {"phone_number_id": "1"}, "statuses": list(statuses)} | more,
    }


def test_of_a_body_only_what_names_the_message_is_left() -> None:
    mine, theirs = {"id": "wamid.A", "status": "read"}, {"id": "wamid.B", "status": "read"}
    whole = {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "1", "changes": [change(mine, theirs, contacts=[{"wa_id": "5"}]), change(theirs)]},
            {"id": "2", "changes": [change(theirs)]},
        ],
    }
    left = only_about(whole, "wamid.A")
    assert left == {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [change(mine)]}],
    }
    quoting = {"id": "wamid.C", "context": {"id": "wamid.A"}}
    assert only_about({"entry": [{"changes": [change(quoting)]}]}, "wamid.A") is not None
    for nothing in (
        None,
        [],
        {"entry": 5},
        {"entry": [{"changes": [{"value": "wamid.A"}]}]},
        {"entry": [{}]},
    ):
        assert only_about(nothing, "wamid.A") is None
