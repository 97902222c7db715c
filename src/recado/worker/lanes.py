"""Sending: lease lanes, claim, send with bounded concurrency, record in batches.

States of one message here: queued -> (claim + intent, committed) -> on the wire -> outcome -> recorded.
Stopping: no new claim at once, what is on the wire is finished and recorded, lanes are given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from recado.db.pool import RETRYABLE, UNAVAILABLE
from recado.kit.crypto import SecretUnreadable
from recado.kit.failpoints import reached
from recado.kit.ids import NumberId, TenantId
from recado.kit.reasons import Reason
from recado.messages.claim import Intent, claim
from recado.messages.record import Finished, record
from recado.numbers import service as numbers
from recado.numbers.model import Leased, SealedCredentials
from recado.providers.contract import (
    Accepted,
    Blame,
    Credentials,
    Exchange,
    Later,
    Outbound,
    Rejected,
    Scope,
    SendOutcome,
    Unknown,
)
from recado.tenants.vault import TenantKeys
from recado.worker.ports import WorkerConfig, WorkerPorts

_log = structlog.get_logger("recado.lanes")
_CREDENTIALS_FOR_S = 5.0
_BATCH = 400
# A claim or a record of a few messages costs the database as much as one of many: with only a few in hand the
# loops let others gather for a moment.
_FEW = 48
_BREATH_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """Credentials of a number in clear, for a few seconds."""

    row: SealedCredentials
    credentials: Credentials = field(repr=False)
    keys: TenantKeys = field(repr=False)
    read_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    wall: datetime
    monotonic: float


class LaneRunner:
    """One per worker process."""

    def __init__(self, ports: WorkerPorts, config: WorkerConfig) -> None:
        self._ports = ports
        self._config = config
        self._lanes: list[Leased] = []
        self._leased_at = float("-inf")
        self._clocks_agree = True
        self._opened: dict[NumberId, _Opened] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._done: list[Finished] = []
        self._something_done = asyncio.Event()
        self._wake = asyncio.Event()
        self._stopping = False
        self._recording_over = False

    def wake(self) -> None:
        """A hint that something was queued; missing one only costs a poll interval."""
        self._wake.set()

    def stop_claiming(self) -> None:
        self._stopping = True
        self._wake.set()

    async def drain(self) -> None:
        """After `stop_claiming`: finishes what is on the wire, records it, gives the lanes back."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=self._config.drain_s)
        self._recording_over = True
        self._something_done.set()

    async def release(self) -> None:
        async with self._ports.engine() as tx:
            await numbers.release_lanes(tx, self._config.owner)

    # ------------------------------------------------------------------ leases

    async def renew(self) -> None:
        """Keeps own lanes and takes free ones: a fair share when other workers are alive."""
        reached("lease.begin")
        # Taken before the database looks at its own clock: our idea of the lease must never outlive it.
        started = self._ports.clock.monotonic()
        async with self._ports.engine() as tx:
            counts = await numbers.lane_counts(tx)
            self._note_skew((self._ports.clock.now() - counts.database_now).total_seconds())
            owners = max(1, counts.owners)
            if not self._lanes and counts.owners:
                owners += 1
            most = min(self._config.most_lanes, -(-counts.lanes // owners)) or 1
            lanes = await numbers.lease_lanes(
                tx, self._config.owner, lease_s=self._config.lane_lease_s, most=max(most, 1)
            )
            reached("lease.before_commit")
        reached("lease.after_commit")
        self._lanes = lanes
        self._leased_at = started

    def _note_skew(self, seconds: float) -> None:
        """Two clocks that disagree: a warning first, then no more claims (windows and deadlines would lie)."""
        self._clocks_agree = abs(seconds) <= SKEW_STOP_S
        if not self._clocks_agree:
            _log.error("clock.skew_too_large", seconds=round(seconds, 1))
        elif abs(seconds) > SKEW_WARN_S:
            _log.warning("clock.skew", seconds=round(seconds, 1))

    def _lease_is_fresh(self) -> bool:
        age = self._ports.clock.monotonic() - self._leased_at
        return self._clocks_agree and bool(self._lanes) and age < self._config.lane_lease_s

    # ------------------------------------------------------------------ claim

    async def claim_once(self) -> int:
        """One claim over all lanes. Returns how many messages are now on the wire because of it."""
        # What cannot be recorded must not pile up: no new sends while the database is away.
        free = self._config.send_concurrency - len(self._flying) - len(self._done) // 2
        if free <= 0 or self._stopping or not self._lease_is_fresh() or self._ports.full():
            return 0
        now = self._ports.clock.now()
        claimed = _Moment(wall=now, monotonic=self._ports.clock.monotonic())
        async with self._ports.engine() as tx:
            intents = await claim(
                tx,
                now,
                owner=self._config.owner,
                lanes=self._lanes,
                most=free,
                lease_s=self._config.send_lease_s,
                new_token=self._ports.new_token,
            )
        if not intents:
            return 0
        reached("intent.after_commit")
        self._ports.meter.claimed(len(intents))
        try:
            await self._open_missing(intents)
        except Exception as error:  # whatever hid the credentials: not one byte has left
            _log.warning("credentials.not_read", error=type(error).__name__)
            for intent in intents:
                self._finish(intent, _not_sent("credentials could not be read"), None)
            return len(intents)
        for intent in intents:
            task = asyncio.create_task(self._send(intent, claimed))
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return len(intents)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._wake.set()

    async def claim_loop(self) -> None:
        """Until stopped. Looks again at once while there is work, else after the interval or a hint."""
        while not self._stopping:
            self._wake.clear()
            count = await self.claim_once()
            self._ports.meter.beat("claim")
            if count < _FEW:
                await asyncio.sleep(_BREATH_S)
            if count:
                continue
            try:
                await asyncio.wait_for(self._wake.wait(), self._config.claim_interval_s)
            except TimeoutError:
                continue

    # ------------------------------------------------------------------ send

    async def _open_missing(self, intents: Sequence[Intent]) -> None:
        limit = self._ports.clock.monotonic() - _CREDENTIALS_FOR_S
        wanted = {
            intent.row.lane
            for intent in intents
            if (known := self._opened.get(intent.row.due.number_id)) is None or known.read_at < limit
        }
        if not wanted:
            return
        async with self._ports.engine() as tx:
            for tenant_id, number_id in sorted(wanted):
                row = await numbers.sealed_credentials(tx, tenant_id, number_id)
                if row is not None:
                    self._keep(tenant_id, number_id, row)

    def _keep(self, tenant_id: TenantId, number_id: NumberId, row: SealedCredentials) -> None:
        try:
            self._opened[number_id] = _Opened(
                row=row,
                credentials=numbers.open_credentials(self._ports.vault, row),
                keys=self._ports.vault.keys(tenant_id, row.dek),
                read_at=self._ports.clock.monotonic(),
            )
        except SecretUnreadable:
            self._opened.pop(number_id, None)
            _log.error("credentials.unreadable", number_id=str(number_id))

    def _too_late(self, claimed: _Moment) -> bool:
        """Whether this process slept since the claim: others may already hold the message in doubt, and what
        would leave now could leave twice. Wall time too: a suspended machine stops the monotonic clock."""
        clock = self._ports.clock
        wall_s = (clock.now() - claimed.wall).total_seconds()
        waited_s = max(clock.monotonic() - claimed.monotonic, wall_s)
        return waited_s > self._config.send_lease_s - self._config.send_budget_s

    async def _send(self, intent: Intent, claimed: _Moment) -> None:
        opened = self._opened.get(intent.row.due.number_id)
        wamid_hash = None
        if opened is None:
            outcome: SendOutcome = _unreadable()
        elif self._too_late(claimed):
            outcome = _not_sent("the worker was held up between its claim and the send")
        else:
            outcome = await self._hand_over(intent, opened)
            wamid_hash = opened.keys.hash(outcome.wamid) if isinstance(outcome, Accepted) else None
        self._finish(intent, outcome, wamid_hash)

    def _finish(self, intent: Intent, outcome: SendOutcome, wamid_hash: bytes | None) -> None:
        if isinstance(outcome, Rejected) and outcome.blame is Blame.TOKEN:
            # It may have been renewed while this was on the wire: the next send reads it again.
            self._opened.pop(intent.row.due.number_id, None)
        self._done.append(
            Finished(
                intent=intent,
                outcome=outcome,
                wamid_hash=wamid_hash,
                jitter=self._ports.random.random(),
            )
        )
        self._something_done.set()

    async def _hand_over(self, intent: Intent, opened: _Opened) -> SendOutcome:
        detail = intent.row.detail
        recipient = detail.recipient or ""
        by_phone = recipient.startswith("+")
        message = Outbound(
            phone_number_id=opened.row.external_id,
            phone=recipient if by_phone else None,
            bsuid=None if by_phone else recipient,
            content=detail.content,
            context_wamid=detail.context_wamid,
            opaque=opened.keys.write_token(intent.token),
        )
        started = self._ports.clock.monotonic()
        outcome = await self._ports.providers[opened.row.provider].sender.send(message, opened.credentials)
        elapsed = self._ports.clock.monotonic() - started
        self._ports.meter.finished(type(outcome).__name__.lower(), elapsed)
        return outcome

    # ------------------------------------------------------------------ record

    async def record_once(self) -> int:
        """Records up to one batch. On a database error the batch goes back and is tried again: facts
        about attempts may be repeated safely, even when a failed COMMIT had in truth succeeded."""
        batch, self._done = self._done[:_BATCH], self._done[_BATCH:]
        if not batch:
            return 0
        try:
            async with self._ports.engine() as tx:
                await record(tx, self._ports.clock.now(), batch)
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, (*RETRYABLE, *UNAVAILABLE)):
                return await self._record_apart(batch)
            self._done = batch + self._done
            self._something_done.set()
            raise
        reached("record.after_commit")
        self._ports.changed({one.intent.row.lane[0] for one in batch})
        return len(batch)

    async def _record_apart(self, batch: list[Finished]) -> int:
        """One outcome that cannot be stored must not keep the others from being recorded. What is wrong with
        it came from the provider: kept as an answer without an id, which is never sent again."""
        for one in batch:
            try:
                async with self._ports.engine() as tx:
                    await record(tx, self._ports.clock.now(), [one])
            except (*RETRYABLE, *UNAVAILABLE):
                self._done.append(one)
                self._something_done.set()
            except Exception as error:
                _log.error("outcome.not_storable", error=type(error).__name__)
                self._finish(one.intent, _unstorable(), None)
        return len(batch)

    async def record_loop(self) -> None:
        while True:
            if not self._done:
                if self._recording_over:
                    return
                self._something_done.clear()
                await self._something_done.wait()
                continue
            if len(self._done) < _FEW and not self._recording_over:
                await asyncio.sleep(_BREATH_S)
            for tries in range(4):
                try:
                    await self.record_once()
                    break
                except RETRYABLE:
                    if tries == 3:
                        raise
            self._ports.meter.beat("record")

    @property
    def in_flight(self) -> int:
        return len(self._flying)


def _unstorable() -> Unknown:
    return Unknown(
        reason=Reason.IN_DOUBT_NO_ID,
        detail="the provider's answer cannot be stored",
        no_id=True,
        exchange=None,
    )


def _not_sent(detail: str) -> Later:
    """Certainly nothing left: safe to try again."""
    return Later(
        code=None,
        reason=Reason.INTERNAL_FAULT,
        detail=detail,
        scope=Scope.MESSAGE,
        retry_after_s=None,
        exchange=None,
    )


def _unreadable() -> Rejected:
    return Rejected(
        code=None,
        reason=Reason.CREDENTIALS_UNREADABLE,
        detail="stored credentials do not decrypt",
        blame=Blame.NUMBER,
        exchange=Exchange(http_status=None, answer=b"", elapsed_s=0.0),
    )


RENEW_SHARE = 3
SKEW_WARN_S = 2.0
SKEW_STOP_S = 30.0
