"""What one answer, or its absence, proves about a message. Without a network: every case by itself."""

from __future__ import annotations

import json
from ssl import SSLError
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from recado.kit.reasons import Reason
from recado.providers.contract import Accepted, Blame, Later, Rejected, Scope, Unknown
from recado.providers.meta.client import _outcome, _refused, read_any_object, refusal
from recado.providers.meta.http import Answer, Budget, failure


def answer(status: int = 200, body: Any = b"", **changes: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual: dict[str, Any] = {"whole": True, "retry_after": None, "usage": None, "elapsed_s": 0.25}
    return Answer(status=status, body=raw, **(usual | changes))


YES = {
    "contacts": [{"wa_id": "5520955500111", "user_id": "BR.111"}],
    "messages": [{"id": "wamid.1", "message_status": "held_for_quality_assessment"}],
}


# --------------------------------------------------------------------------- yes


def test_a_yes_brings_everything_it_says() -> None:
    found = _outcome(answer(200, YES))
    assert found == Accepted(
        wamid="wamid.1",
        message_status="held_for_quality_assessment",
        wa_id="5520955500111",
        user_id="BR.111",
        exchange=answer(200, YES).exchange,
    )
    assert found.exchange.http_status == 200
    assert found.exchange.answer == json.dumps(YES).encode()
    assert found.exchange.elapsed_s == 0.25


def test_a_yes_with_nothing_but_an_id_is_one() -> None:
    found = _outcome(answer(299, {"messages": [{"id": "wamid.1"}, {"id": "wamid.2"}]}))
    assert isinstance(found, Accepted)
    assert (found.wamid, found.message_status, found.wa_id, found.user_id) == ("wamid.1", None, None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 90_000,
        {},
        {"messages": []},
        {"messages": [{"id": ""}]},
        {"messages": [{"id": 7}]},
        {"messages": {"id": "wamid.1"}},
        {"messages": ["wamid.1"]},
    ],
)
def test_a_yes_without_an_id_is_never_sent_again(body: Any) -> None:
    found = _outcome(answer(201, body))
    assert isinstance(found, Unknown)
    assert (found.no_id, found.soft, found.reason) == (True, False, Reason.IN_DOUBT_NO_ID)
    assert found.detail == "HTTP 201 without a message id"
    assert found.exchange == answer(201, body).exchange


def test_only_an_object_is_read() -> None:
    assert read_any_object(b'{"a":1}') == {"a": 1}
    for body in (b"[1]", b"1", b"", b"{"):
        assert read_any_object(body) == {}


# --------------------------------------------------------------------------- no


REFUSED = {"error": {"code": 131026, "message": "m"}}


@pytest.mark.parametrize(("status", "yes"), [(199, False), (200, True), (299, True), (300, False)])
def test_which_statuses_are_a_yes(status: int, yes: bool) -> None:
    assert isinstance(_outcome(answer(status, YES)), Accepted) is yes
    assert isinstance(_outcome(answer(400, REFUSED)), Rejected)


def test_a_refusal_is_definite_only_when_it_is_whole() -> None:
    whole = refusal(answer(400, REFUSED))
    assert isinstance(whole, Rejected)
    assert whole.code == 131026
    assert whole.exchange.elapsed_s == 0.25
    broken = refusal(answer(400, REFUSED, whole=False))
    assert isinstance(broken, Unknown)
    assert (broken.soft, broken.no_id, broken.reason) == (False, False, Reason.IN_DOUBT_NO_ANSWER)
    assert broken.detail == "the answer broke off after HTTP 400"
    assert broken.exchange == answer(400, REFUSED).exchange


@pytest.mark.parametrize("whole", [True, False])
def test_too_fast_is_definite_even_when_its_body_broke_off(whole: bool) -> None:
    found = refusal(answer(429, b"<ht", whole=whole, retry_after="8"))
    assert isinstance(found, Later)
    assert found.retry_after_s == 8


def test_the_head_of_an_answer_says_how_long_to_wait() -> None:
    usage = '{"1":[{"estimated_time_to_regain_access":2}]}'
    found = refusal(answer(400, {"error": {"code": 4}}, usage=usage))
    assert isinstance(found, Later)
    assert found.retry_after_s == 120


def test_what_cannot_become_a_request_is_refused_without_any_exchange() -> None:
    found = _refused(Reason.NO_ROUTE, "x" * 400, Blame.NUMBER)
    assert (found.code, found.reason, found.blame, found.skip) == (None, Reason.NO_ROUTE, Blame.NUMBER, False)
    assert found.detail == "x" * 300
    assert (found.exchange.http_status, found.exchange.answer, found.exchange.elapsed_s) == (None, b"", 0.0)


def test_of_a_long_answer_sixteen_kilobytes_are_kept() -> None:
    assert len(answer(200, b"x" * 20_000).exchange.answer) == 16_384


# --------------------------------------------------------------------------- no answer at all


KEY = ConnectionKey("graph.example", 443, True, True, None, None, None)
BEFORE = [
    aiohttp.ClientConnectorError(KEY, OSError(111, "refused")),
    aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "no such name")),
    aiohttp.ClientConnectorSSLError(KEY, SSLError("bad handshake")),
    aiohttp.ClientConnectorCertificateError(KEY, ValueError("not this host")),
    aiohttp.ConnectionTimeoutError("no free connection"),
]
AFTER = [
    aiohttp.ServerDisconnectedError(),
    aiohttp.SocketTimeoutError("read"),
    aiohttp.ClientPayloadError("cut"),
    aiohttp.ClientOSError(104, "reset"),
    ConnectionResetError(104, "reset"),
    TimeoutError(),
    TimeoutError("late"),
    OSError(32, "broken pipe"),
]


@pytest.mark.parametrize("fault", BEFORE, ids=lambda fault: type(fault).__name__)
def test_what_breaks_before_the_first_byte_is_certainly_not_sent(fault: BaseException) -> None:
    found = failure(fault, 0.5)
    assert isinstance(found, Later)
    assert (found.code, found.retry_after_s, found.slow_down) == (None, None, False)
    assert (found.reason, found.scope) == (Reason.PROVIDER_UNREACHABLE, Scope.MESSAGE)
    assert found.exchange is not None
    assert (found.exchange.http_status, found.exchange.answer, found.exchange.elapsed_s) == (None, b"", 0.5)


@pytest.mark.parametrize("fault", AFTER, ids=lambda fault: type(fault).__name__)
def test_what_breaks_later_is_in_doubt(fault: BaseException) -> None:
    found = failure(fault, 0.5)
    assert isinstance(found, Unknown)
    assert (found.soft, found.no_id, found.reason) == (False, False, Reason.IN_DOUBT_NO_ANSWER)
    assert found.detail == f"{type(fault).__name__}: {fault}"
    assert found.exchange is not None
    assert found.exchange.elapsed_s == 0.5


def test_a_long_story_of_a_fault_is_cut() -> None:
    assert len(failure(OSError("x" * 999), 0).detail) == 300


# --------------------------------------------------------------------------- budgets


def test_the_defaults_are_three_twelve_and_fifteen_seconds() -> None:
    timeout = Budget().timeout()
    assert (timeout.connect, timeout.sock_connect, timeout.sock_read, timeout.total) == (3, 3, 12, 15)


@pytest.mark.parametrize(
    ("connect_s", "fits"), [(0, False), (-1, False), (0.5, True), (14.9, True), (15, False)]
)
def test_only_the_timer_of_connecting_proves_that_nothing_was_sent(connect_s: float, fits: bool) -> None:
    if fits:
        assert Budget(connect_s=connect_s).timeout().connect == connect_s
    else:
        with pytest.raises(ValueError, match=r"^connecting must have less time than the whole call$"):
            Budget(connect_s=connect_s)
