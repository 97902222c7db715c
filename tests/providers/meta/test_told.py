"""One status item at a time: the echo's token, the word, the reason, the person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recado.kit.reasons import Reason
from recado.providers.contract import Person, ProviderNote, StatusChanged, Unrecognised
from recado.providers.meta.people import Place
from recado.providers.meta.statuses import read_notes, read_status

PLACE = Place(
    field="messages",
    waba_id="102000000000017",
    phone_number_id="106000000000023",
    display_phone="16505550100",
    entry_at=None,
    contacts=(),
)
ITEM: dict[str, Any] = {
    "id": "wamid.1",
    "status": "sent",
    "timestamp": "1790416800",
    "recipient_id": "5520955500111",
    "recipient_user_id": "BR.111",
    "biz_opaque_callback_data": "v1.token.mac",
    "pricing": {"billable": True},
}


def read(place: Place = PLACE, **changes: Any) -> StatusChanged:
    found = read_status(b"raw", ITEM | changes, place)
    assert isinstance(found, StatusChanged)
    return found


def test_a_status_brings_everything_it_says() -> None:
    assert read() == StatusChanged(
        waba_id="102000000000017",
        phone_number_id="106000000000023",
        at=datetime.fromtimestamp(1790416800, UTC),
        raw=b"raw",
        wamid="wamid.1",
        status="sent",
        person=Person(phone="5520955500111", bsuid="BR.111"),
        opaque="v1.token.mac",
        errors=(),
        reason=None,
        pricing={"billable": True},
    )


@pytest.mark.parametrize("change", [{"id": None}, {"id": ""}, {"status": None}, {"status": ""}])
def test_without_id_or_word_it_is_kept_and_says_nothing(change: dict[str, Any]) -> None:
    found = read_status(b"raw", ITEM | change, PLACE)
    assert found == Unrecognised(
        waba_id="102000000000017",
        phone_number_id="106000000000023",
        at=datetime.fromtimestamp(1790416800, UTC),
        raw=b"raw",
        field="messages",
        why="a status without id or word",
    )


@pytest.mark.parametrize("given", [None, 7, "x", []])
def test_an_item_that_is_no_object_is_kept_too(given: Any) -> None:
    assert isinstance(read_status(b"raw", given, PLACE), Unrecognised)


NOTE = {"code": 131026, "title": "t", "message": "m", "error_data": {"details": "d"}}


def test_a_failure_has_the_reason_of_its_first_error() -> None:
    failed = read(status="failed", errors=[NOTE, {"code": 131000}])
    assert failed.reason is Reason.UNDELIVERABLE
    assert failed.errors[0] == ProviderNote(code=131026, title="t", details="d")
    assert [note.code for note in failed.errors] == [131026, 131000]
    for errors in ([], None, [{}], "x"):
        assert read(status="failed", errors=errors).reason is Reason.UNKNOWN_PROVIDER_ERROR


def test_only_a_failure_has_a_reason_but_every_word_may_have_notes() -> None:
    sent = read(status="sent", errors=[NOTE])
    assert (sent.reason, len(sent.errors)) == (None, 1)


def test_notes_of_any_shape() -> None:
    assert read_notes({"code": 1}) == ()
    assert read_notes([1, {"message": "m", "error_data": "x"}, None]) == (
        ProviderNote(code=None, title="m", details=None),
    )


def test_pricing_is_an_object_or_nothing() -> None:
    assert read(pricing=[1]).pricing is None
    assert read(pricing=None).pricing is None


def test_in_a_group_the_person_is_the_participant() -> None:
    one = read(recipient_type="group", recipient_id="Y2Fw", recipient_participant_id="5520955500222")
    assert one.person.phone == "5520955500222"
    alone = read(recipient_type="individual", recipient_participant_id="5520955500222")
    assert alone.person.phone == "5520955500111"


@pytest.mark.parametrize("name", ["recipient_parent_user_id", "parent_recipient_user_id"])
def test_the_parents_id_under_its_new_and_its_old_name(name: str) -> None:
    assert read(**{name: "BR.ENT.9"}).person.parent_bsuid == "BR.ENT.9"


def test_the_new_name_goes_before_the_old_one() -> None:
    both = read(recipient_parent_user_id="BR.ENT.1", parent_recipient_user_id="BR.ENT.2")
    assert both.person.parent_bsuid == "BR.ENT.1"


def test_contacts_of_the_change_complete_the_person() -> None:
    place = Place(
        field="messages",
        waba_id=None,
        phone_number_id=None,
        display_phone=None,
        entry_at=None,
        contacts=(Person(phone="5520955500111", name="Marina Azevedo"),),
    )
    assert read(place).person.name == "Marina Azevedo"
    assert read().person.name is None
