"""Ids, tokens, cursors, phones, times: the small values everything else is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.conversations.model import clamp_time, window_close
from recado.errors import Invalid
from recado.kit.ids import attempt_token, uuid4, uuid7
from recado.kit.phone import digits, mask, variants
from recado.kit.tokens import read_token, write_token
from recado.media.service import own_ids, read_id, replace_ids, write_id
from recado.web.api.cursor import read_cursor, write_cursor

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
uuids = st.uuids()
moments = st.integers(1_577_836_800_000, 4_102_444_800_000).map(
    lambda millis: datetime.fromtimestamp(millis / 1000, UTC)
)


# --------------------------------------------------------------------------- ids


@given(moments, moments, st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_ids_sort_by_their_millisecond(one: datetime, other: datetime, a: bytes, b: bytes) -> None:
    first, second = uuid7(one, lambda _: a), uuid7(other, lambda _: b)
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    if int(one.timestamp() * 1000) < int(other.timestamp() * 1000):
        assert first < second
        assert first.bytes < second.bytes
        assert str(first) < str(second)


@given(st.binary(min_size=16, max_size=16))
def test_random_ids_are_version_four(raw: bytes) -> None:
    assert uuid4(lambda _: raw).version == 4


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(NOW) for _ in range(1000)}) == 1000


def test_tokens_of_attempts_follow_time_and_differ() -> None:
    """Their index grows at its end: with random ones a claim wrote three times as much in an old house."""
    tokens = [attempt_token(NOW + timedelta(milliseconds=n)) for n in range(1000)]
    assert tokens == sorted(tokens)
    assert len({token.bytes[-8:] for token in tokens}) == 1000


# --------------------------------------------------------------------------- tokens


@given(uuids)
def test_a_token_comes_back_as_it_left_and_names_nobody(token: UUID) -> None:
    text = write_token(KEY, token)
    assert re.fullmatch(r"v1\.[\w-]{22}\.[\w-]{11}", text)
    assert read_token(KEY, text) == token


@given(uuids, st.integers(0, 36), st.characters(codec="ascii"))
def test_a_token_with_one_other_character_is_not_ours(token: UUID, place: int, letter: str) -> None:
    text = write_token(KEY, token)
    forged = text[:place] + letter + text[place + 1 :]
    if forged != text:
        # The last characters carry spare bits, so another spelling of the very same token may pass.
        assert read_token(KEY, forged) in {None, token}
        if place not in {24, 36}:
            assert read_token(KEY, forged) is None


@given(st.text(max_size=60))
def test_foreign_data_is_never_a_token(text: str) -> None:
    assert read_token(KEY, text) is None


def test_a_token_of_another_tenant_or_absent_is_nothing() -> None:
    text = write_token(KEY, UUID(int=7))
    assert read_token(bytes(32), text) is None
    assert read_token(KEY, None) is None
    assert read_token(KEY, "v1." + "é" * 34) is None


# --------------------------------------------------------------------------- cursors


@given(uuids)
def test_a_cursor_comes_back(last: UUID) -> None:
    assert read_cursor(write_cursor(last)) == last


def test_no_cursor_is_the_newest() -> None:
    assert read_cursor(None) == UUID(int=(1 << 128) - 1)


@pytest.mark.parametrize("text", ["", "x", "não", "AAAA", "=" * 22, "\x00" * 22, "A" * 500])
def test_anything_else_is_refused_with_the_field(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_cursor(text)
    assert refusal.value.violations[0]["field"] == "cursor"


# --------------------------------------------------------------------------- phones

brazil = st.builds("55{}{}".format, st.integers(11, 99), st.from_regex(r"9?[0-9]{8}", fullmatch=True))
mexico = st.builds("52{}".format, st.from_regex(r"1?[0-9]{10}", fullmatch=True))
anywhere = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@given(brazil | mexico | anywhere)
def test_spellings_are_symmetric_and_begin_with_the_given_one(phone: str) -> None:
    names = variants(phone)
    assert names[0] == phone
    assert len(set(names)) == len(names)
    for other in names:
        assert set(variants(other)) == set(names)


def test_the_ninth_digit_comes_and_goes() -> None:
    assert variants("5520955500111") == ("5520955500111", "552055500111")
    assert variants("552055500111") == ("552055500111", "5520955500111")
    assert variants("5215550001111") == ("5215550001111", "525550001111")
    assert variants("16505550100") == ("16505550100",)


def test_digits_are_ascii_and_masks_hide_the_middle() -> None:
    assert digits("+55 (20) 9555-00111 ٣") == "5520955500111"
    assert mask("+5520955500111") == "+5520•••••••11"
    assert mask("123") == "•••"


# --------------------------------------------------------------------------- window and times


def test_the_window_closes_a_minute_before_a_day_after_the_persons_own_time() -> None:
    day = timedelta(hours=24) - timedelta(seconds=60)
    assert window_close(NOW, NOW + timedelta(hours=3)) == NOW + day
    assert window_close(None, NOW) == NOW + day


def test_a_clock_ahead_of_ours_does_not_lengthen_the_window() -> None:
    assert window_close(NOW + timedelta(hours=5), NOW) == window_close(NOW, NOW)


@given(moments)
def test_times_far_in_the_future_are_ours(at: datetime) -> None:
    kept = clamp_time(at, NOW)
    assert kept == (at if at <= NOW + timedelta(minutes=5) else NOW)


def test_a_missing_time_is_the_time_of_receipt() -> None:
    assert clamp_time(None, NOW) == NOW


# --------------------------------------------------------------------------- file ids


@given(uuids)
def test_a_file_id_comes_back(media_id: UUID) -> None:
    assert read_id(write_id(media_id)) == media_id


@given(uuids)
def test_a_file_has_one_spelling_only(media_id: UUID) -> None:
    """Another spelling of the same bits would pass the check and then never match its upload."""
    text = write_id(media_id)
    assert read_id("med_" + text[4:].upper()) is None
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    last = alphabet.index(text[-1])
    for other in range(last - last % 4, last - last % 4 + 4):
        if other != last:
            assert read_id(text[:-1] + alphabet[other]) is None


@pytest.mark.parametrize("text", ["", "med_", "med_" + "1" * 26, "med_" + "é" * 26, "med_" + "a" * 27])
def test_anything_else_is_no_file(text: str) -> None:
    assert read_id(text) is None


def test_file_ids_are_found_and_replaced_wherever_they_stand() -> None:
    own = write_id(UUID(int=5))
    content = {
        "type": "template",
        "template": {
            "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": own}}]},
                {"type": "button", "parameters": [{"payload": own, "id": "13"}]},
            ]
        },
    }
    path = "template.components[0].parameters[0].image.id"
    assert own_ids(content) == [(path, own)]
    replaced = replace_ids(content, {own: "889900"})
    assert own_ids(replaced) == []
    assert replaced["template"]["components"][0]["parameters"][0]["image"] == {"id": "889900"}
    assert replaced["template"]["components"][1] == content["template"]["components"][1]  # type: ignore[index]
