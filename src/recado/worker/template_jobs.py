"""Jobs about templates: comparing with the provider, hearing its webhooks, letting go of what had to wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never
from uuid import UUID

from recado.db.pool import Tx
from recado.messages import template_holds
from recado.numbers import facts
from recado.numbers import service as numbers
from recado.numbers.model import NumberRow, SealedCredentials
from recado.providers.contract import Credentials, Later, ListedTemplate, NumberFacts, Rejected, Unknown
from recado.queue.jobs import MAX_TRIES, Bury, Finish, Job, JobOutcome, Retry, enqueue
from recado.templates import sync
from recado.templates.model import Told
from recado.worker.ports import Handler, WorkerPorts

Trouble = Rejected | Later | Unknown
# A webhook about something we compare only: Meta's list shows it a moment later.
_SOON: Final = timedelta(seconds=3)


class TemplateJobs:
    """Handlers may be repeated: comparing twice finds nothing new."""

    def __init__(self, ports: Callable[[], WorkerPorts]) -> None:
        self._ports = ports

    def handlers(self) -> dict[str, Handler]:
        return {
            sync.SYNC_JOB: self.sync,
            sync.TOLD_JOB: self.told,
            template_holds.FREE_JOB: self.free,
        }

    # ------------------------------------------------------------------ comparing

    async def sync(self, job: Job) -> JobOutcome:
        """One WABA: its templates, and what the provider says of its numbers."""
        ports = self._ports()
        async with ports.engine() as tx:
            mine = await self._numbers(tx, job)
            sealed = [await numbers.sealed_credentials(tx, job.tenant_id, one.number_id) for one in mine]
        if not mine:
            return Bury(error="no number of this WABA")
        waba_id: UUID = mine[0].waba_id
        asked_at = ports.clock.now()
        listed: Sequence[ListedTemplate] | Trouble | None = None
        known: dict[UUID, NumberFacts] = {}
        for row, secret in zip(mine, sealed, strict=True):
            catalogue = ports.providers[row.provider].catalogue
            if catalogue is None or secret is None:
                continue
            credentials = self._open(secret)
            if listed is None or isinstance(listed, Trouble):
                listed = await catalogue.templates(row.waba_external_id, credentials)
            about = await catalogue.number(row.external_id, credentials)
            if isinstance(about, NumberFacts):
                known[row.number_id] = about
        if listed is None:
            return Finish()
        async with ports.engine() as tx:
            await facts.keep(tx, asked_at, job.tenant_id, known)
            if isinstance(listed, Trouble):
                await sync.failed(tx, asked_at, job.tenant_id, waba_id, listed.reason.value)
            else:
                await sync.compare(tx, ports.clock.now(), job.tenant_id, waba_id, listed, asked_at=asked_at)
                await template_holds.follow(tx, ports.clock.now(), job.tenant_id, waba_id)
        ports.changed([job.tenant_id])
        return _after(job, listed)

    async def _numbers(self, tx: Tx, job: Job) -> list[NumberRow]:
        """The numbers of the job's WABA; it names the WABA or one of its numbers."""
        rows = await numbers.list_numbers(tx, job.tenant_id)
        if (number := job.payload.get("number_id")) is not None:
            found = next((one for one in rows if one.number_id == UUID(hex=number)), None)
            return [one for one in rows if found is not None and one.waba_id == found.waba_id]
        return [one for one in rows if one.waba_id == UUID(hex=job.payload["waba_id"])]

    def _open(self, secret: SealedCredentials) -> Credentials:
        return numbers.open_credentials(self._ports().vault, secret)

    # ------------------------------------------------------------------ hearing

    async def told(self, job: Job) -> JobOutcome:
        """What a webhook said is true at once; what it did not say is read from the provider's list."""
        ports = self._ports()
        payload = job.payload
        waba_id = UUID(hex=payload["waba_id"])
        told = Told(
            field=payload["field"],
            external_id=payload["external_id"],
            name=payload["name"],
            language=payload["language"],
            event=payload["event"],
            at=datetime.fromisoformat(payload["at"]),
        )
        now = ports.clock.now()
        async with ports.engine() as tx:
            if await sync.hear(tx, job.tenant_id, waba_id, told):
                await template_holds.follow(tx, now, job.tenant_id, waba_id)
            await enqueue(
                tx,
                now,
                job.tenant_id,
                sync.SYNC_JOB,
                {"waba_id": waba_id.hex},
                dedupe=waba_id.hex,
                due_at=now + _SOON,
                again=True,
            )
        ports.changed([job.tenant_id])
        return Finish()

    async def free(self, job: Job) -> JobOutcome:
        """In bites, each committed alone."""
        ports = self._ports()
        while True:
            async with ports.engine() as tx:
                count = await template_holds.free(tx, ports.clock.now(), job.tenant_id)
            if not count:
                return Finish()
            ports.changed([job.tenant_id])


def _after(job: Job, listed: Sequence[ListedTemplate] | Trouble) -> JobOutcome:
    match listed:
        case Rejected():
            # A token that is refused now is refused in a minute; the next comparison comes by itself.
            return Bury(error=listed.reason.value)
        case Later() | Unknown() if job.tries < MAX_TRIES:
            wait = listed.retry_after_s if isinstance(listed, Later) else None
            return Retry(after=timedelta(seconds=wait or 4 * 2.0**job.tries), error=listed.reason.value)
        case Later() | Unknown():
            return Bury(error=listed.reason.value)
        case Sequence():
            return Finish()
        case _:
            assert_never(listed)
