"""Numbers given out in one order and committed in another: nothing is ever skipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from recado.live.model import MOST, Change, Horizon, Snapshot, note_of, read_note

TENANT = UUID(int=7)


@dataclass
class Writer:
    """One transaction. Its number may be taken a moment before it has an id of its own."""

    seq: int = 0
    xid: int = 0


@dataclass
class Diary:
    """What PostgreSQL promises about sequences, transaction ids and snapshots, and no more."""

    next_seq: int = 1
    next_xid: int = 100
    running: dict[int, Writer] = field(default_factory=dict)
    visible: set[int] = field(default_factory=set)

    def step(self, who: int, what: str) -> None:
        writer = self.running.setdefault(who, Writer())
        if what == "number" and not writer.seq:
            writer.seq, self.next_seq = self.next_seq, self.next_seq + 1
        elif what == "id" and not writer.xid:
            writer.xid, self.next_xid = self.next_xid, self.next_xid + 1
        elif what == "commit" and writer.seq and writer.xid:
            self.visible.add(writer.seq)
            del self.running[who]
        elif what == "rollback" and writer.xid:
            del self.running[who]

    def snapshot(self) -> Snapshot:
        ids = [one.xid for one in self.running.values() if one.xid]
        return Snapshot(xmin=min(ids, default=self.next_xid), xmax=self.next_xid)

    def settle_ids(self) -> None:
        """Within a second everybody who took a number has an id."""
        for who, writer in list(self.running.items()):
            if writer.seq:
                self.step(who, "id")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 4), st.sampled_from(["number", "id", "commit", "commit", "rollback"])),
        st.just((-1, "read")),
        st.just((-1, "wait")),
    ),
    max_size=120,
)


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_what_is_settled_is_complete(steps: list[tuple[int, str]]) -> None:
    diary, horizon, now = Diary(), Horizon(0), 0.0
    told: set[int] = set()
    for who, what in steps:
        if what == "wait":
            diary.settle_ids()
            now += 1.0
        elif what == "read":
            snapshot = diary.snapshot()
            rows = {seq for seq in diary.visible if seq > horizon.settled}
            told |= rows
            horizon.observe(snapshot, max(rows, default=0), now)
            assert {seq for seq in diary.visible if seq <= horizon.settled} <= told
            assert all(writer.seq > horizon.settled for writer in diary.running.values() if writer.seq)
        else:
            diary.step(who, what)
    assert {seq for seq in diary.visible if seq <= horizon.settled} <= told


def test_the_horizon_moves_when_nothing_is_open() -> None:
    diary, horizon = Diary(), Horizon(0)
    for who in range(3):
        for what in ("number", "id", "commit"):
            diary.step(who, what)
    assert not horizon.observe(diary.snapshot(), 3, 0.0)
    assert horizon.observe(diary.snapshot(), 3, 1.0)
    assert horizon.settled == 3


def test_too_many_ids_become_one_word() -> None:
    change = Change()
    for number in range(MOST + 50):
        change.merge(Change(messages={UUID(int=number): None}))
    assert change.everything
    assert not change.messages
    change.merge(Change(topics={"job"}))
    assert change.everything
    assert not change.topics


def test_notes_carry_ids_within_the_limit_and_come_back() -> None:
    entries = {
        UUID(int=n): Change({UUID(int=m): None for m in range(60)}, {UUID(int=5)}, {"job"})
        for n in range(1, 9)
    }
    entries[UUID(int=9)] = Change()
    entries[UUID(int=10)] = Change({UUID(int=m): None for m in range(390)})
    notes = note_of(entries)
    assert all(len(note) < 8000 for note in notes)
    heard: dict[UUID, Change] = {}
    for note in notes:
        heard |= read_note(note.decode())
    assert set(heard) == set(entries)
    assert heard[UUID(int=3)].messages.keys() == entries[UUID(int=3)].messages.keys()
    assert heard[UUID(int=10)].everything
    assert not heard[UUID(int=9)]


def test_strangers_notes_are_nothing() -> None:
    for payload in ("", "{}", "[1]", '[["zz",[],[],[]]]', '[["00",["x"],[],[]]]'):
        assert read_note(payload) == {}
