"""The table of codes equals the reference list, and every code has a verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado.kit.reasons import Reason
from recado.providers.contract import Blame, Later, Rejected, Scope, Unknown
from recado.providers.meta.codes import CODES, is_skip_code, reason_for_code
from recado.providers.meta.errors import classify, regain_seconds

HERE = Path(__file__).resolve()
REFERENCE = HERE.parents[3].parent / "shared" / "reference" / "meta-error-codes.json"
OWN = HERE.parent / "fixtures" / "error_codes.json"


def body(code: int, **more: Any) -> bytes:
    error = {"message": "m", "code": code, "error_data": {"details": "why"}, **more}
    return json.dumps({"error": error}).encode()


def agree(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        ours = CODES[row["code"]]
        assert (ours.http, ours.kind, ours.action) == (row["http"], row["class"], row["action"])
        assert ours.reason is not Reason.UNKNOWN_PROVIDER_ERROR, row["code"]


def test_the_table_agrees_with_our_excerpt() -> None:
    agree(json.loads(OWN.read_text()))


@pytest.mark.corpus
def test_the_table_is_the_whole_reference_list() -> None:
    if not REFERENCE.exists():
        pytest.skip("the shared reference (../shared/reference) is not on this machine")
    rows = json.loads(REFERENCE.read_text())
    agree(rows)
    assert [row["code"] for row in rows] == list(CODES)


@pytest.mark.parametrize("code", [4, 17, 613, 80007, 80008, 130429])
def test_a_rate_limit_slows_the_number_down(code: int) -> None:
    found = classify(400, body(code), retry_after="7")
    assert isinstance(found, Later)
    assert (found.scope, found.slow_down, found.retry_after_s) == (Scope.NUMBER, True, 7.0)
    assert found.reason is Reason.THROUGHPUT
    assert found.detail == "why"


def test_the_pair_limit_leaves_the_pace_to_the_caller() -> None:
    found = classify(400, body(131056), retry_after="7")
    assert isinstance(found, Later)
    assert (found.scope, found.retry_after_s, found.slow_down) == (Scope.PAIR, None, False)


def test_maintenance_waits_a_minute_even_under_500() -> None:
    found = classify(500, body(131057))
    assert isinstance(found, Later)
    assert (found.scope, found.retry_after_s) == (Scope.NUMBER, 60.0)


@pytest.mark.parametrize(
    ("codes", "blame"),
    [
        ((131048, 368, 131031, 131042, 131037, 33, 133010), Blame.NUMBER),
        ((0, 190, 102, 10, 200, 219, 299, 3, 104, 131005), Blame.TOKEN),
        ((132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132018), Blame.TEMPLATE),
        ((131026, 131050, 130403, 131021, 131049, 130472), Blame.RECIPIENT),
        ((100, 131008, 131009, 131051, 131053, 135000), Blame.MESSAGE),
    ],
)
def test_a_refusal_names_who_it_is_about(codes: tuple[int, ...], blame: Blame) -> None:
    for code in codes:
        found = classify(CODES[code].http if code in CODES else 403, body(code))
        assert isinstance(found, Rejected), code
        assert (found.blame, found.code) == (blame, code)
        assert not found.skip


def test_the_closed_window_is_a_skip_not_a_failure() -> None:
    found = classify(400, body(131047))
    assert isinstance(found, Rejected)
    assert found.skip
    assert is_skip_code(131047)
    assert reason_for_code(131047) is Reason.WINDOW_CLOSED
    assert not any(is_skip_code(code) for code in CODES if code != 131047)


@pytest.mark.parametrize(("code", "status"), [(1, 500), (1, 400), (2, 503), (131000, 500), (131016, 500)])
def test_a_fault_of_meta_is_soft_doubt(code: int, status: int) -> None:
    found = classify(status, body(code))
    assert isinstance(found, Unknown)
    assert found.soft
    assert found.reason is Reason.IN_DOUBT_SOFT


def test_unknown_codes_follow_the_status_and_the_transient_mark() -> None:
    assert isinstance(classify(400, body(999999)), Rejected)
    for found in (classify(500, body(999999)), classify(400, body(999999, is_transient=True))):
        assert isinstance(found, Unknown)
        assert found.soft
    assert reason_for_code(999999) is Reason.UNKNOWN_PROVIDER_ERROR
    assert reason_for_code(None) is Reason.UNKNOWN_PROVIDER_ERROR


def test_a_refusal_under_an_unexpected_5xx_proves_nothing() -> None:
    found = classify(502, body(100))
    assert isinstance(found, Unknown)
    assert found.soft


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b"<html>oops</html>"),
        (502, b""),
        (503, b"{}"),
        (408, body(100)),
        (302, body(100)),
        (400, b"<html>proxy</html>"),
        (403, b'{"error":"not an object"}'),
        (400, b'{"error":{"code":"abc"}}'),
        (400, b'{"error":{"code":true}}'),
        (400, b"[" * 50_000),
        (400, b"\xff\xfe{"),
    ],
)
def test_without_an_answer_of_the_graph_nobody_knows(status: int, answer: bytes) -> None:
    found = classify(status, answer)
    assert isinstance(found, Unknown)
    assert not found.soft
    assert len(found.exchange.answer) <= 16_384 if found.exchange else False


def test_429_is_definite_by_itself() -> None:
    for answer in (b"", b"<html>", body(999999), body(2)):
        found = classify(429, answer, retry_after="3")
        assert isinstance(found, Later)
        assert (found.scope, found.slow_down, found.retry_after_s) == (Scope.NUMBER, True, 3.0)
    assert isinstance(classify(429, body(131048)), Rejected)


def test_the_real_code_may_stand_in_the_subcode() -> None:
    found = classify(400, body(100, error_subcode=2388024))
    assert isinstance(found, Rejected)
    assert (found.reason, found.blame) == (Reason.TEMPLATE_EXISTS, Blame.TEMPLATE)
    waiting = classify(400, body(100, error_subcode=2494100))
    assert isinstance(waiting, Later)


def test_a_missing_sending_number_stops_the_lane_and_not_each_message() -> None:
    found = classify(400, body(100, error_subcode=33))
    assert isinstance(found, Rejected)
    assert (found.reason, found.blame) == (Reason.NUMBER_DELETED, Blame.NUMBER)


USAGE = '{"506000000000041":[{"type":"whatsapp","estimated_time_to_regain_access":19}]}'


@pytest.mark.parametrize(
    ("retry_after", "usage", "seconds"),
    [
        (None, None, None),
        ("30", None, 30.0),
        (" 30 ", None, 30.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None, None),
        ("²", None, None),
        ("-5", None, None),
        ("0", None, None),
        ("99999999", None, 21_600.0),
        (None, USAGE, 19 * 60.0),
        ("5", USAGE, 19 * 60.0),
        (None, "not json", None),
        (None, "[]", None),
        (None, '{"a":[{"estimated_time_to_regain_access":"x"}], "b": 1, "c": [2]}', None),
    ],
)
def test_how_long_to_wait(retry_after: str | None, usage: str | None, seconds: float | None) -> None:
    assert regain_seconds(retry_after, usage) == seconds


@pytest.mark.corpus
def test_every_sample_refusal_is_judged(shared_corpus: Path) -> None:
    rows = [line.split("\t") for line in (shared_corpus / "index.tsv").read_text().splitlines()]
    notes = {row[0]: row[3] for row in rows}
    judged = 0
    for path in sorted((shared_corpus / "open").glob("response-error-*.json")):
        note = notes[f"open/{path.name}"]
        status = int(note.split("HTTP ")[1][:3]) if "HTTP " in note else 400
        found = classify(status, path.read_bytes())
        assert found.exchange is not None
        if isinstance(found, Rejected | Later):
            assert found.code is not None
        judged += 1
    assert judged >= 80
