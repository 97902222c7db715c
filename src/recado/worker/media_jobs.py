"""Jobs about files: fetching what people sent, uploading what is about to leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import NumberId
from recado.kit.reasons import Reason
from recado.media import formats
from recado.media import service as media
from recado.messages.record import PROBE_EVERY
from recado.numbers import service as numbers
from recado.providers.contract import (
    Blame,
    Credentials,
    Later,
    MediaGone,
    MediaInfo,
    MediaStore,
    Rejected,
    TooLarge,
    Unknown,
    Uploaded,
)
from recado.queue.jobs import MAX_TRIES, Bury, Finish, Job, JobOutcome, Retry
from recado.worker.ports import WorkerPorts

Trouble = MediaGone | TooLarge | Rejected | Later | Unknown


TRANSFERS = frozenset({media.FETCH_JOB, media.UPLOAD_JOB})


class MediaJobs:
    def __init__(self, ports: Callable[[], WorkerPorts], max_bytes: int) -> None:
        self._ports = ports
        self._max_bytes = max_bytes

    async def _number(
        self, tx: Tx, job: Job, number_id: NumberId
    ) -> tuple[MediaStore, str, Credentials] | None:
        row = await numbers.sealed_credentials(tx, job.tenant_id, number_id)
        if row is None:
            return None
        store = self._ports().providers[row.provider].media
        if store is None:
            return None
        return store, row.external_id, numbers.open_credentials(self._ports().vault, row)

    # ------------------------------------------------------------------ inbound

    async def fetch(self, job: Job) -> JobOutcome:
        """Downloads a received file. The webhook's URL lives five minutes; later a new one is asked for."""
        media_id = UUID(hex=job.payload["media_id"])
        async with self._ports().engine() as tx:
            row = await media.find(tx, job.tenant_id, media_id)
            if row is None or row.state == "stored" or row.number_id is None:
                return Finish()
            number = await self._number(tx, job, row.number_id)
        if number is None or row.provider_media_id is None:
            return Bury(error="number or media id missing")
        store, phone_number_id, credentials = number
        url = job.payload.get("url") if job.tries == 1 else None
        if url is None:
            info = await store.info(row.provider_media_id, phone_number_id, credentials)
            if not isinstance(info, MediaInfo):
                return await self._lost(job, media_id, info)
            url = info.url
        data = await store.download(url, self._max_bytes, credentials)
        if not isinstance(data, bytes):
            if job.tries == 1:
                return Retry(after=timedelta(0), error="the first address did not work")
            return await self._lost(job, media_id, data)
        reached("media.fetched")
        return await self._keep(job, media_id, row.mime_type, data)

    async def _keep(self, job: Job, media_id: UUID, declared: str | None, data: bytes) -> JobOutcome:
        ports = self._ports()
        blob = media_id.hex
        await ports.blobs.put(blob, data)
        reached("media.stored")
        mime = formats.believable(declared, data[:512])
        async with ports.engine() as tx:
            await media.mark_stored(
                tx, ports.clock.now(), job.tenant_id, media_id, mime_type=mime, data=data, blob=blob
            )
            reached("media.before_commit")
        return Finish()

    async def _lost(self, job: Job, media_id: UUID, trouble: Trouble) -> JobOutcome:
        match trouble:
            case MediaGone():
                reason = Reason.MEDIA_UNAVAILABLE
            case TooLarge():
                reason = Reason.MEDIA_TOO_LARGE
            case Rejected() | Later() | Unknown() if job.tries < MAX_TRIES:
                return Retry(after=timedelta(seconds=min(2.0**job.tries, 60)), error=trouble.reason.value)
            case Rejected() | Later() | Unknown():
                # Nobody will try again: whoever asks for the file has to hear that, not "pending" for ever.
                reason = Reason.MEDIA_UNAVAILABLE
            case _:
                assert_never(trouble)
        async with self._ports().engine() as tx:
            await media.mark_unavailable(tx, job.tenant_id, media_id, reason)
        return Finish()

    # ------------------------------------------------------------------ outbound

    async def upload(self, job: Job) -> JobOutcome:
        """Gives the provider a file that waiting messages need, or ends their waiting with a reason."""
        ports = self._ports()
        media_id = media.read_id(job.payload["media_id"])
        number_id = NumberId(UUID(hex=job.payload["number_id"]))
        if media_id is None:
            return Bury(error="bad media id")
        async with ports.engine() as tx:
            row = await media.find(tx, job.tenant_id, media_id)
            number = await self._number(tx, job, number_id)
        if row is None or number is None:
            return Bury(error="file or number missing")
        data = await ports.blobs.get(row.blob) if row.blob else None
        if data is None:
            await self._refuse(job, media_id, number_id, Reason.MEDIA_UNAVAILABLE, media.REFUSED_FOR)
            return Bury(error="the stored file is gone")
        store, phone_number_id, credentials = number
        answer = await store.upload(
            phone_number_id,
            data,
            row.mime_type or "application/octet-stream",
            row.filename or "arquivo",
            credentials,
        )
        if isinstance(answer, Uploaded):
            async with ports.engine() as tx:
                await media.save_upload(
                    tx, ports.clock.now(), job.tenant_id, media_id, number_id, answer.provider_media_id
                )
            return Finish()
        return await self._not_taken(job, media_id, number_id, answer)

    async def _not_taken(
        self, job: Job, media_id: UUID, number_id: NumberId, answer: Rejected | Later | Unknown
    ) -> JobOutcome:
        match answer:
            case Rejected(blame=Blame.NUMBER | Blame.TOKEN):
                # Not the file's fault: the number waits as it does when a message is refused like this, and the
                # message that tries it again asks for the file again.
                await self._pause(job, number_id, answer)
                return Finish()
            case Rejected():
                await self._refuse(
                    job, media_id, number_id, answer.reason, media.REFUSED_FOR, answer.code, answer.detail
                )
                return Finish()
            case Later() | Unknown() if job.tries < MAX_TRIES:
                # An upload that may have happened twice harms nobody: only its id matters.
                return Retry(after=self._backoff(job, answer), error=answer.reason.value)
            case Later() | Unknown():
                # A file in doubt is no message in doubt: for the reader the provider just did not take it.
                reason = answer.reason if isinstance(answer, Later) else Reason.PROVIDER_FAULT
                await self._refuse(job, media_id, number_id, reason, media.GAVE_UP_FOR, None, answer.detail)
                return Bury(error=answer.reason.value)
            case _:
                assert_never(answer)

    def _backoff(self, job: Job, answer: Later | Unknown) -> timedelta:
        """8 s, doubled with every try up to ten minutes, about a quarter of an hour in all; never less than
        the provider asked for."""
        wait = min(4 * 2.0**job.tries, 600.0) * (0.75 + self._ports().random.random() / 2)
        asked = answer.retry_after_s if isinstance(answer, Later) else None
        return timedelta(seconds=max(wait, min(asked or 0.0, 3600.0)))

    async def _refuse(
        self,
        job: Job,
        media_id: UUID,
        number_id: NumberId,
        reason: Reason,
        lasting: timedelta,
        code: int | None = None,
        detail: str = "",
    ) -> None:
        ports = self._ports()
        async with ports.engine() as tx:
            until = ports.clock.now() + lasting
            await media.refuse(
                tx, until, job.tenant_id, media_id, number_id, reason, code=code, detail=detail
            )

    async def _pause(self, job: Job, number_id: NumberId, answer: Rejected) -> None:
        ports = self._ports()
        now = ports.clock.now()
        async with ports.engine() as tx:
            await numbers.pause_lane(
                tx,
                now,
                job.tenant_id,
                number_id,
                reason=answer.reason,
                detail=answer.detail,
                until=now + PROBE_EVERY,
            )

    def handlers(self) -> dict[str, Callable[[Job], Awaitable[JobOutcome]]]:
        return {media.FETCH_JOB: self.fetch, media.UPLOAD_JOB: self.upload}
