"""Every code's verdict by itself: a wrong one loses a message, stops a number for nothing or sends twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recado.kit.reasons import Reason
from recado.providers.contract import Blame, Later, Rejected, Scope, Unknown
from recado.providers.meta.codes import CODES, Refuse, Soft, Wait, is_skip_code, look_up, reason_for_code
from recado.providers.meta.errors import ANSWER_CAP, classify, read_graph_error, regain_seconds

SOFT = (1, 2, 131000, 131016, 133004, 139103)
SLOW = (4, 17, 613, 80007, 80008, 130429, 2494055)
WAITS = {
    131056: Wait(Scope.PAIR, None),
    131057: Wait(Scope.NUMBER, 60.0),
    132069: Wait(Scope.MESSAGE, 3600.0),
    133008: Wait(Scope.NUMBER, 300.0),
    133009: Wait(Scope.NUMBER, 60.0),
    133015: Wait(Scope.NUMBER, 300.0),
    133016: Wait(Scope.NUMBER, 3600.0),
    134101: Wait(Scope.MESSAGE, 600.0),
    139102: Wait(Scope.MESSAGE, None),
    2494100: Wait(Scope.NUMBER, 300.0),
}
BLAMES = {
    Blame.TOKEN: (0, 3, 10, 102, 104, 190, 200, 131005),
    Blame.NUMBER: (33, 368, 131031, 131037, 131042, 131044, 131045, 131048, 131064, 133000, 133006, 133010),
    Blame.RECIPIENT: (
        *(130403, 130472, 130497, 131021, 131026, 131030, 131049, 131050, 131062, 137000, 138001),
    ),
    Blame.TEMPLATE: (
        *(131055, 131063, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068),
        *(134100, 134102, 2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
    ),
    Blame.MESSAGE: (
        *(
            100,
            131008,
            131009,
            131020,
            131041,
            131047,
            131051,
            131052,
            131053,
            131059,
            131060,
            133005,
            134011,
        ),
        *(135000, 136024, 136025, 139100, 139101, 147001, 147002, 147005, 2388001, 2388103),
        *(2593107, 2593108, 2593109),
    ),
}


def body(code: Any, **more: Any) -> bytes:
    error = {"message": "short", "code": code, "error_data": {"details": "why"}, **more}
    return json.dumps({"error": error}).encode()


# --------------------------------------------------------------------------- the table


def test_every_code_stands_in_exactly_one_group() -> None:
    named = [*SOFT, *SLOW, *WAITS, *(code for codes in BLAMES.values() for code in codes)]
    assert sorted(named) == sorted(CODES)


def test_what_each_code_makes_of_a_message() -> None:
    for code in SOFT:
        assert CODES[code].verdict == Soft()
    for code in SLOW:
        assert CODES[code].verdict == Wait(Scope.NUMBER, None, slow_down=True)
    for code, wait in WAITS.items():
        assert CODES[code].verdict == wait
    for blame, codes in BLAMES.items():
        for code in codes:
            assert CODES[code].verdict == Refuse(blame, skip=code == 131047), code


@pytest.mark.parametrize(
    ("codes", "reason", "blame"),
    [
        ((201, 219, 299), Reason.PERMISSION_MISSING, Blame.TOKEN),
        ((131_200, 131_299), Reason.GROUP_NOT_FOUND, Blame.MESSAGE),
        ((138_000, 138_021), Reason.CALL_UNAVAILABLE, Blame.RECIPIENT),
        ((139_000, 139_004), Reason.FLOW_BLOCKED, Blame.TEMPLATE),
        ((131_035,), Reason.WEBHOOK_UNDELIVERED, Blame.MESSAGE),
        ((2_593_079, 2_593_085), Reason.NUMBER_NOT_MIGRATABLE, Blame.MESSAGE),
    ],
)
def test_codes_meta_tells_only_as_a_range_or_only_in_webhooks(
    codes: tuple[int, ...], reason: Reason, blame: Blame
) -> None:
    for code in codes:
        assert look_up(code) == (reason, Refuse(blame)), code
        assert reason_for_code(code) is reason
        assert is_skip_code(code) is False


@pytest.mark.parametrize("code", [199, 300, 131_199, 131_300, 137_999, 138_022, 138_999, 139_005, 2_593_080])
def test_the_neighbours_of_a_range_are_unknown(code: int) -> None:
    assert look_up(code) is None
    assert reason_for_code(code) is Reason.UNKNOWN_PROVIDER_ERROR


def test_only_the_closed_window_is_a_skip() -> None:
    assert is_skip_code(131047) is True
    for code in (None, 1, 131056, 131026, 999_999):
        assert is_skip_code(code) is False


# --------------------------------------------------------------------------- reading the answer


def test_the_more_exact_text_is_kept_and_the_short_one_stands_in() -> None:
    error = read_graph_error(body(131026, error_subcode=7, is_transient=False))
    assert error is not None
    assert (error.code, error.subcode, error.detail, error.is_transient) == (131026, 7, "why", False)
    for data in ({"details": ""}, {}, "text", None):
        short = read_graph_error(body(131026, error_data=data))
        assert short is not None
        assert (short.detail, short.subcode) == ("short", None)
    bare = read_graph_error(b'{"error":{"code":1}}')
    assert bare is not None
    assert bare.detail == ""


def test_only_true_is_transient() -> None:
    for given, transient in ((True, True), ("true", False), (1, False)):
        error = read_graph_error(body(1, is_transient=given))
        assert error is not None
        assert error.is_transient is transient


def test_a_long_text_is_cut_and_what_cannot_be_stored_is_replaced() -> None:
    error = read_graph_error(body(1, error_data={"details": "\x00" + "x" * 600}))
    assert error is not None
    assert error.detail == "\ufffd" + "x" * 499


@pytest.mark.parametrize("answer", [b"", b"{}", b"<html>", b'{"error":1}', b'{"error":{}}', b"[" * 90_000])
def test_what_is_no_answer_of_the_graph(answer: bytes) -> None:
    assert read_graph_error(answer) is None


def test_of_the_answer_sixteen_kilobytes_are_kept_and_its_time() -> None:
    assert ANSWER_CAP == 16_384
    found = classify(500, b"x" * 20_000, elapsed_s=1.5)
    assert found.exchange is not None
    assert (len(found.exchange.answer), found.exchange.http_status) == (16_384, 500)
    assert found.exchange.elapsed_s == 1.5
    refused = classify(400, body(100))
    assert refused.exchange is not None
    assert (refused.exchange.elapsed_s, refused.exchange.answer) == (0.0, body(100))


# --------------------------------------------------------------------------- definite, later, or nobody knows


@pytest.mark.parametrize(
    ("status", "definite"), [(399, False), (400, True), (407, True), (408, False), (409, True), (499, True)]
)
def test_which_statuses_can_be_a_refusal(status: int, definite: bool) -> None:
    found = classify(status, body(100))
    assert isinstance(found, Rejected) is definite
    if not definite:
        assert isinstance(found, Unknown)
        assert (found.soft, found.reason) == (False, Reason.IN_DOUBT_NO_ANSWER)
        assert found.detail == f"HTTP {status} without an answer of the Graph API"


@pytest.mark.parametrize(("status", "soft"), [(400, False), (499, False), (500, True), (503, True)])
def test_a_refusal_meta_does_not_document_under_5xx_is_soft_doubt(status: int, soft: bool) -> None:
    for code in (100, 219, 999_999):
        found = classify(status, body(code))
        assert isinstance(found, Unknown) is soft, code
        if isinstance(found, Unknown):
            assert (found.soft, found.reason, found.detail) == (True, Reason.IN_DOUBT_SOFT, "why")


@pytest.mark.parametrize("code", [code for code, row in CODES.items() if row.http >= 500])
def test_a_refusal_meta_documents_under_5xx_is_one(code: int) -> None:
    found = classify(500, body(code))
    expected = {Refuse: Rejected, Wait: Later, Soft: Unknown}[type(CODES[code].verdict)]
    assert isinstance(found, expected)


def test_an_unknown_code_is_the_messages_own_trouble() -> None:
    found = classify(400, body(999_999))
    assert isinstance(found, Rejected)
    assert (found.blame, found.reason, found.code) == (Blame.MESSAGE, Reason.UNKNOWN_PROVIDER_ERROR, 999_999)
    assert (found.detail, found.skip) == ("why", False)
    assert isinstance(classify(400, body(999_999, is_transient=True)), Unknown)


@pytest.mark.parametrize(
    ("code", "subcode", "blame", "reason"),
    [
        (100, 33, Blame.NUMBER, Reason.NUMBER_DELETED),
        (100, 34, Blame.MESSAGE, Reason.REFUSED_PARAMETER),
        (100, 131026, Blame.MESSAGE, Reason.REFUSED_PARAMETER),
        (100, 2_388_024, Blame.TEMPLATE, Reason.TEMPLATE_EXISTS),
        (100, 2_999_999, Blame.MESSAGE, Reason.REFUSED_PARAMETER),
        (190, 33, Blame.TOKEN, Reason.TOKEN_EXPIRED),
        (190, 2_388_024, Blame.TOKEN, Reason.TOKEN_EXPIRED),
    ],
)
def test_when_the_subcode_decides(code: int, subcode: int, blame: Blame, reason: Reason) -> None:
    found = classify(400, body(code, error_subcode=subcode))
    assert isinstance(found, Rejected)
    assert (found.blame, found.reason, found.code) == (blame, reason, code)


# --------------------------------------------------------------------------- 429


@pytest.mark.parametrize(
    ("answer", "code", "detail"),
    [
        (b"", None, "HTTP 429"),
        (b"<html>", None, "HTTP 429"),
        (body(999_999), 999_999, "why"),
        (body(2), 2, "why"),
    ],
)
def test_too_fast_slows_the_number_down(answer: bytes, code: int | None, detail: str) -> None:
    found = classify(429, answer)
    assert isinstance(found, Later)
    assert (found.code, found.detail, found.reason) == (code, detail, Reason.THROUGHPUT)
    assert (found.scope, found.slow_down, found.retry_after_s) == (Scope.NUMBER, True, None)
    assert found.exchange is not None
    assert found.exchange.http_status == 429


def test_a_code_that_says_more_than_slow_down_decides_under_429_too() -> None:
    pair = classify(429, body(131056), retry_after="9")
    assert isinstance(pair, Later)
    assert (pair.scope, pair.retry_after_s, pair.slow_down, pair.reason) == (
        Scope.PAIR,
        None,
        False,
        Reason.PAIR_RATE,
    )
    template = classify(429, body(100, error_subcode=2_388_024))
    assert isinstance(template, Rejected)
    assert template.blame is Blame.TEMPLATE


# --------------------------------------------------------------------------- how long


@pytest.mark.parametrize(
    ("code", "told", "seconds"),
    [
        (131057, None, 60.0),
        (131057, "9", 60.0),
        (131057, "900", 900.0),
        (4, "9", 9.0),
        (4, None, None),
        (131056, "900", None),
        (139102, "900", None),
        (132069, "90000", 21_600.0),
    ],
)
def test_the_longer_of_our_pause_and_theirs(code: int, told: str | None, seconds: float | None) -> None:
    found = classify(400, body(code), retry_after=told)
    assert isinstance(found, Later)
    assert found.retry_after_s == seconds
    assert (found.code, found.reason, found.detail) == (code, CODES[code].reason, "why")
    assert found.exchange is not None


def usage(*minutes: Any) -> str:
    return json.dumps({"1": [{"estimated_time_to_regain_access": one} for one in minutes]})


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (usage(1), 60.0),
        (usage(1, 3, 2), 180.0),
        (usage(0.5), 30.0),
        (usage(0), None),
        (usage(-4), None),
        (usage("3", None), None),
        (usage(10_000), 21_600.0),
        ('{"a":[{}],"b":[{"estimated_time_to_regain_access":2}],"c":{"x":1},"d":["y"]}', 120.0),
        ("[1]", None),
        ("{", None),
        ("", None),
    ],
)
def test_minutes_until_an_account_may_send_again(told: str, seconds: float | None) -> None:
    assert regain_seconds(None, told) == seconds


def test_the_longest_pause_told_counts() -> None:
    assert regain_seconds("1", None) == 1.0
    assert regain_seconds("0", usage(1)) == 60.0
    assert regain_seconds("7", usage(-1)) == 7.0


def test_a_pause_nobody_can_wait_for_is_none() -> None:
    endless = '{"a":[{"estimated_time_to_regain_access":1e999}]}'
    told = regain_seconds(None, endless)
    assert told is None or told == 21_600.0
