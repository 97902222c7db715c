"""What one claim decides: whose slots, whose turn, which gate, and what the pace is afterwards. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.kit.ids import AttemptToken, ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason
from recado.media.service import Files, RefusedFile
from recado.messages.claim import (
    STRICT_WAIT_S,
    Candidate,
    Detail,
    DueRow,
    LaneState,
    decide,
    share,
    with_files,
)
from recado.messages.pace import Pace
from recado.messages.template_holds import HOLDING, stop_of, template_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TENANT = TenantId(UUID(int=1))
TEMPLATE = {"type": "template", "template": {"name": "lembrete", "language": {"code": "pt-BR"}}}


def lane(number: int = 1, **changes: Any) -> LaneState:
    usual = LaneState(
        tenant_id=TENANT,
        number_id=NumberId(UUID(int=number)),
        rate_per_s=10,
        burst=5,
        pair_interval_s=6,
        pair_burst=2,
        tat=NOW,
        slow_factor=1,
        slow_until=None,
        fence=7,
        probing=False,
        mode="enabled",
    )
    return replace(usual, **changes)


def candidate(message: int = 1, talk: int = 1, *, number: int = 1, **changes: Any) -> Candidate:
    due = DueRow(
        tenant_id=TENANT,
        message_id=MessageId(UUID(int=message)),
        number_id=NumberId(UUID(int=number)),
        conversation_id=ConversationId(UUID(int=talk)),
        message_class="utility",
        free_form=True,
        expires_at=None,
        tries=0,
        media_ref=None,
        fence=1,
    )
    detail = Detail(
        message_id=due.message_id,
        content={"type": "text", "text": {"body": "Olá"}},
        context_wamid=None,
        contact_id=ContactId(UUID(int=talk)),
        window_until=NOW + timedelta(hours=1),
        pair_tat=NOW - timedelta(days=1),
        pair_blocked_until=None,
        pair_tries=0,
        recipient="+5520955500111",
        blocked=False,
        attempts=0,
        kind="text",
    )
    about_due = {key: value for key, value in changes.items() if hasattr(due, key)}
    about_detail = {key: value for key, value in changes.items() if hasattr(detail, key)}
    return Candidate(due=replace(due, **about_due), detail=replace(detail, **about_detail))


def plan(
    rows: list[Candidate], *lanes: LaneState, ready: dict[tuple[NumberId, str], Files] | None = None
) -> Any:
    tokens = iter(range(100, 10_000))
    quotas = dict.fromkeys(lanes or (lane(),), 99)
    return decide(rows, quotas, ready or {}, NOW, lambda: AttemptToken(UUID(int=next(tokens))))


# --------------------------------------------------------------------------- who gets the free slots


def test_two_busy_lanes_share_alike_and_the_rest_goes_to_whoever_was_served_longest_ago() -> None:
    first, second = lane(1, tat=NOW - SECOND), lane(2, tat=NOW - 2 * SECOND)
    quotas = share([first, second], NOW, 7)
    assert quotas == {second: 4, first: 3}
    assert list(quotas) == [second, first]


def test_what_one_lane_cannot_use_another_may() -> None:
    slow, quick = lane(1, burst=1), lane(2, burst=9)
    assert share([slow, quick], NOW, 8) == {slow: 1, quick: 7}


def test_few_slots_go_to_the_first_in_line_alone() -> None:
    lanes = [lane(number, tat=NOW - number * SECOND) for number in range(1, 5)]
    assert share(lanes, NOW, 2) == {lanes[3]: 1, lanes[2]: 1}
    assert share(lanes, NOW, 1) == {lanes[3]: 1}


def test_no_slots_or_no_room_is_no_claim() -> None:
    assert share([lane()], NOW, 0) == {}
    assert share([lane()], NOW, -1) == {}
    assert share([], NOW, 5) == {}
    spent = lane(tat=NOW + timedelta(seconds=5 * 0.1))
    assert share([spent], NOW, 5) == {}
    assert share([spent, lane(2)], NOW, 4) == {lane(2): 4}


def test_a_lane_that_was_paused_is_tried_with_one_message() -> None:
    assert share([lane(probing=True)], NOW, 5) == {lane(probing=True): 1}
    assert share([lane(probing=False)], NOW, 5) == {lane(): 5}


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(-5, 5), st.booleans()),
        max_size=6,
    ),
    st.integers(0, 40),
)
def test_sharing_never_gives_more_than_there_is_and_leaves_nothing_unused(
    shapes: list[tuple[int, int, bool]], most: int
) -> None:
    lanes = [
        lane(number, burst=burst, tat=NOW + timedelta(seconds=0.1 * ahead), probing=probing)
        for number, (burst, ahead, probing) in enumerate(shapes)
    ]
    quotas = share(lanes, NOW, most)
    alone = {one: share([one], NOW, most).get(one, 0) for one in lanes}
    assert sum(quotas.values()) == min(most, sum(alone.values()))
    assert all(0 < count <= alone[one] for one, count in quotas.items())


# --------------------------------------------------------------------------- pace after the claim


def test_a_lane_paces_by_its_rate_and_its_pairs_by_theirs() -> None:
    assert lane().pace(NOW) == Pace(interval_s=0.1, burst=5)
    assert lane().pair == Pace(interval_s=6, burst=2)


def test_each_message_that_goes_moves_its_lane_and_its_pair() -> None:
    made = plan([candidate(1, 1), candidate(2, 2), candidate(3, 1)])
    assert [one.row.due.message_id.int for one in made.intents] == [1, 2, 3]
    key = (TENANT, NumberId(UUID(int=1)))
    assert made.lane_tats == {key: NOW + timedelta(seconds=0.3)}
    assert {talk.int: tat - NOW for (_, talk), tat in made.pair_tats.items()} == {
        1: 12 * SECOND,
        2: 6 * SECOND,
    }
    assert made.probing == set()


def test_the_third_to_one_person_waits_for_the_pairs_pace_and_spends_nothing() -> None:
    made = plan([candidate(number) for number in (1, 2, 3)])
    assert len(made.intents) == 2
    assert made.later == [(candidate(3), NOW + 6 * SECOND)]
    assert made.lane_tats == {(TENANT, NumberId(UUID(int=1))): NOW + timedelta(seconds=0.2)}


def test_a_lane_nobody_sends_on_keeps_its_time() -> None:
    quiet = lane(2, tat=NOW - 3 * SECOND)
    made = plan([candidate(1)], lane(), quiet)
    assert made.lane_tats[(TENANT, quiet.number_id)] == NOW - 3 * SECOND


def test_an_intent_carries_its_number_of_the_try_the_fence_and_a_token_of_its_own() -> None:
    made = plan([candidate(1, attempts=2), candidate(2, 2)])
    assert [(one.n, one.lane_fence, one.token.int) for one in made.intents] == [(3, 7, 100), (1, 7, 101)]


def test_only_the_lane_that_sent_is_noted_as_being_tried() -> None:
    first, second = lane(1, probing=True), lane(2, probing=True)
    made = plan([candidate(1), candidate(2, 2, number=2, expires_at=NOW)], first, second)
    assert made.probing == {(TENANT, first.number_id)}


# --------------------------------------------------------------------------- which gate


UNSENT = [
    ({"expires_at": NOW}, "expired", Reason.EXPIRED),
    ({"window_until": NOW}, "skipped", Reason.WINDOW_CLOSED),
]


@pytest.mark.parametrize(("change", "state", "reason"), UNSENT)
def test_what_a_gate_ends_is_written_with_its_reason(
    change: dict[str, Any], state: str, reason: Reason
) -> None:
    row = candidate(**change)
    made = plan([row])
    assert (made.unsent, made.intents, made.later) == ([(row, state, reason)], [], [])
    assert made.pair_tats == {}


@pytest.mark.parametrize(
    ("mode", "state", "reason"),
    [("disabled", "skipped", Reason.TENANT_DISABLED), ("dry_run", "simulated", Reason.DRY_RUN)],
)
def test_the_lanes_mode_holds_for_all_its_messages(mode: str, state: str, reason: Reason) -> None:
    assert plan([candidate()], lane(mode=mode)).unsent == [(candidate(), state, reason)]


def test_a_template_needs_no_window() -> None:
    assert plan([candidate(free_form=False, window_until=NOW)]).intents


@pytest.mark.parametrize(("change", "ms"), [({"turn_taken": True}, 500), ({"blocked": True}, 150)])
def test_whose_turn_it_is_not_looks_again_soon(change: dict[str, Any], ms: int) -> None:
    row = candidate(**change)
    assert plan([row]).later == [(row, NOW + timedelta(milliseconds=ms))]


def test_a_turn_that_is_taken_is_looked_at_less_often_than_an_open_message() -> None:
    row = candidate(turn_taken=True, blocked=True)
    assert plan([row]).later == [(row, NOW + timedelta(milliseconds=500))]


def test_strict_order_waits_half_a_minute_for_an_arrival_at_most() -> None:
    assert STRICT_WAIT_S == 30


def test_a_pair_the_provider_slowed_down_waits_as_long_as_it_said() -> None:
    row = candidate(pair_blocked_until=NOW + 40 * SECOND)
    assert plan([row]).later == [(row, NOW + 40 * SECOND)]


# --------------------------------------------------------------------------- stops and files


def test_a_stopped_kind_is_held_and_other_kinds_go() -> None:
    stopped = lane(kind_stops={"image": "kill_switch"})
    picture = candidate(1, kind="image")
    made = plan([picture, candidate(2)], stopped)
    assert made.held == [(picture, Reason.KILL_SWITCH)]
    assert [one.row for one in made.intents] == [candidate(2)]


def test_a_stopped_template_is_held_with_the_providers_reason() -> None:
    stopped = lane(template_stops={"lembrete|pt_BR": "template_paused"})
    row = candidate(1, kind="template", content=TEMPLATE)
    other = candidate(2, kind="template", content={"template": {"name": "outro"}})
    made = plan([row, other, candidate(3)], stopped)
    assert made.held == [(row, Reason.TEMPLATE_PAUSED)]
    # The third goes to the same person; the held one took no slot of the pair.
    assert len(made.intents) == 2


def test_how_a_stopped_template_is_named() -> None:
    assert template_of(TEMPLATE) == "lembrete|pt_BR"
    assert template_of({"template": {"name": "x", "language": None}}) == "x|"
    assert template_of({}) == "None|"
    assert stop_of({}, "template", TEMPLATE) is None
    assert stop_of({"lembrete|pt_BR": "template_disabled"}, "template", TEMPLATE) is Reason.TEMPLATE_DISABLED
    assert stop_of({"lembrete|pt_BR": "template_disabled"}, "text", TEMPLATE) is None
    assert stop_of({"outro|pt_BR": "template_disabled"}, "template", TEMPLATE) is None
    assert {Reason.TEMPLATE_PAUSED, Reason.TEMPLATE_DISABLED} == HOLDING


NUMBER = NumberId(UUID(int=1))
PICTURE = {"type": "image", "image": {"id": "med_a", "caption": "id"}}


def test_files_that_are_not_there_yet_are_waited_for() -> None:
    row = candidate(media_ref="med_a", content=PICTURE)
    assert plan([row]).later == [(row, NOW + 2 * SECOND)]
    elsewhere = {(NumberId(UUID(int=9)), "med_a"): {"med_a": "111"}}
    assert plan([row], ready=elsewhere).later == [(row, NOW + 2 * SECOND)]


def test_files_that_are_there_leave_under_the_providers_ids() -> None:
    row = candidate(media_ref="med_a", content=PICTURE)
    made = plan([row, candidate(2, 2)], ready={(NUMBER, "med_a"): {"med_a": "111"}})
    assert made.intents[0].row.detail.content == {"type": "image", "image": {"id": "111", "caption": "id"}}
    assert made.intents[0].row.due == row.due
    assert made.intents[0].n == 1
    # What the row says stays as it was, and what has no file is not touched.
    assert row.detail.content == PICTURE
    assert made.intents[1].row == candidate(2, 2)


def test_a_file_the_provider_refused_ends_its_message() -> None:
    refused = RefusedFile(
        number_id=NUMBER, media_id=UUID(int=5), reason="media_refused", code=131053, detail=None
    )
    row = candidate(media_ref="med_a", content=PICTURE)
    made = plan([row], ready={(NUMBER, "med_a"): refused})
    assert made.unsent == [(row, "failed", Reason.MEDIA_REFUSED)]


def test_replacing_files_changes_nothing_else() -> None:
    intent = plan([candidate(content=PICTURE)]).intents[0]
    changed = with_files(intent, {"med_a": "222"})
    assert changed.row.detail.content["image"]["id"] == "222"
    assert replace(changed, row=intent.row) == intent
