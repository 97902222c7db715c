"""Jobs: leased, tried again, crashed; each is done once or dead in sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.stateful.machine import Machine

from recado.db.system import system
from recado.queue.jobs import LEASE_S, Bury, Finish, Job, JobOutcome, Retry, claim_jobs, enqueue, settle


@dataclass(slots=True)
class Known:
    """What the model believes about one job. Times are seconds of the machine's own clock."""

    state: str
    due: float
    tries: int = 0
    leased_until: float = -1.0


class JobMachine(Machine):
    def prepare(self) -> None:
        self.time = 0.0
        self.aurora = self.do(self.world.company())
        self.known: dict[UUID, Known] = {}
        self.names: set[str] = set()
        self.held: list[Job] = []

    @rule(name=st.sampled_from("abcdefgh"), later=st.sampled_from([0, 0, 103]))
    def ask(self, name: str, later: int) -> None:
        self.do(self._ask(name, later))
        if name not in self.names:
            self.names.add(name)
            rows = self.do(self.world.rows("select job_id from job"))
            (fresh,) = {row["job_id"] for row in rows} - self.known.keys()
            self.known[fresh] = Known(state="queued", due=self.time + later)

    async def _ask(self, name: str, later: int) -> None:
        tenant_id, now = self.aurora.tenant.tenant_id, self.world.now
        async with self.world.db.tenant(tenant_id) as tx:
            due = now + timedelta(seconds=later)
            await enqueue(tx, now, tenant_id, "test.work", {"n": 1}, dedupe=name, due_at=due)

    def _free(self) -> set[UUID]:
        return {
            key
            for key, one in self.known.items()
            if one.state == "queued" and one.due <= self.time and one.leased_until < self.time
        }

    async def _claim(self, most: int) -> list[Job]:
        async with system(self.world.db) as tx:
            return await claim_jobs(tx, self.world.now, most, kinds=["test.work"])

    @rule(most=st.integers(1, 4))
    def take(self, most: int) -> None:
        free = self._free()
        taken = self.do(self._claim(most))
        ids = {job.job_id for job in taken}
        assert ids <= free, "somebody else's job, or one that is not due"
        assert len(taken) == min(most, len(free)), "a job was due and free, and nobody got it"
        for job in taken:
            one = self.known[job.job_id]
            one.tries += 1
            one.leased_until = self.time + LEASE_S
            assert job.tries == one.tries
        self.held += taken

    @rule(most=st.integers(1, 4))
    def take_and_crash(self, most: int) -> None:
        self.rig.crash(self.world, lambda tx: claim_jobs(tx, self.world.now, most, kinds=["test.work"]))

    @precondition(lambda self: self.held)
    @rule(
        pick=st.integers(0, 99),
        outcome=st.sampled_from(
            [Finish(), Retry(after=timedelta(seconds=50), error="again"), Bury(error="no use")]
        ),
        forget=st.booleans(),
    )
    def tell(self, pick: int, outcome: JobOutcome, forget: bool) -> None:
        """A worker's word; one that is not forgotten may be told again later, like a zombie's."""
        job = self.held[pick % len(self.held)]
        self.do(self._settle(job, outcome))
        self._told(job, outcome)
        if forget:
            self.held.remove(job)

    def _told(self, job: Job, outcome: JobOutcome) -> None:
        one = self.known[job.job_id]
        if one.state != "queued" or (not isinstance(outcome, Finish) and job.tries != one.tries):
            return
        match outcome:
            case Finish():
                one.state = "done"
            case Retry():
                one.due, one.leased_until = self.time + 50, -1.0
            case Bury():
                one.state = "dead"

    async def _settle(self, job: Job, outcome: JobOutcome) -> None:
        async with system(self.world.db) as tx:
            await settle(tx, self.world.now, job, outcome)

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 99))
    def finish_and_crash(self, pick: int) -> None:
        job = self.held[pick % len(self.held)]
        self.rig.crash(self.world, lambda tx: settle(tx, self.world.now, job, Finish()))

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 99))
    def vanish(self, pick: int) -> None:
        self.held.pop(pick % len(self.held))

    @rule(seconds=st.sampled_from([9, 61, 130]))
    def wait(self, seconds: int) -> None:
        self.time += seconds
        self.rig.age(self.world, seconds)

    def check(self) -> None:
        rows: list[dict[str, Any]] = self.do(self.world.rows("select job_id, state, tries from job"))
        stored = {row["job_id"]: (row["state"], row["tries"]) for row in rows}
        assert stored == {key: (one.state, one.tries) for key, one in self.known.items()}

    def teardown(self) -> None:
        """Everybody alive again: every job ends."""
        for _ in range(4):
            self.time += 200
            self.rig.age(self.world, 200)
            while taken := self.do(self._claim(4)):
                for job in taken:
                    self.known[job.job_id].tries += 1
                    self.do(self._settle(job, Finish()))
                    self.known[job.job_id].state = "done"
        assert all(one.state in {"done", "dead"} for one in self.known.values())
        self.check()
