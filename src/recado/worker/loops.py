"""Everything a worker process keeps turning, each loop alone: one that fails backs off and starts again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from recado.db.pool import UNAVAILABLE
from recado.inbound import receivers
from recado.inbound.projector import project_batch
from recado.kit.failpoints import reached
from recado.messages.doubt import PASS, resolve
from recado.messages.record import rescue
from recado.worker.history import probe
from recado.worker.housekeeping import sweep
from recado.worker.jobs import JobRunner
from recado.worker.lanes import RENEW_SHARE, LaneRunner
from recado.worker.ports import Chore, WorkerConfig, WorkerPorts

_log = structlog.get_logger("recado.worker")
_PROJECT_BATCH = 300
_IDLE_S = 0.05
_SWEEP_EVERY_S = 600.0
_SWEEP_AGAIN_S = 1.0


class Worker:
    """`run` until `stop` is set, then drains."""

    def __init__(self, ports: WorkerPorts, config: WorkerConfig) -> None:
        self._ports = ports
        self._config = config
        self.lanes = LaneRunner(ports, config)
        quick = ports.handlers.keys() - ports.transfers
        self._runners = [
            JobRunner(ports, "jobs", sorted(quick), lease_s=config.job_lease_s),
            JobRunner(ports, "transfers", sorted(ports.transfers), lease_s=config.job_lease_s),
        ]
        self._stop = asyncio.Event()
        self._probing = any(one.history is not None for one in ports.providers.values())

    def stop(self) -> None:
        self._stop.set()
        self.lanes.stop_claiming()

    def _loops(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        own: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("lease", self._lease_loop),
            ("project", self._project_loop),
            *((one.name, partial(one.run, self._stop)) for one in self._runners),
            ("rescue", self._rescue_loop),
            ("resolve", self._resolve_loop),
            ("sweep", self._sweep_loop),
        ]
        return own + [(chore.name, partial(self._chore_loop, chore)) for chore in self._ports.chores]

    async def run(self) -> None:
        recording = asyncio.create_task(self._guard("record", self.lanes.record_loop, endless=False))
        claiming = asyncio.create_task(self._guard("claim", self.lanes.claim_loop))
        turning = [asyncio.create_task(self._guard(name, loop)) for name, loop in self._loops()]
        await self._stop.wait()
        self.lanes.stop_claiming()
        # A claim that is committing right now still puts messages on the wire: only then is it known what flies.
        await asyncio.wait([claiming], timeout=self._config.drain_s)
        await self.lanes.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(recording, self._config.drain_s)
        turning.append(claiming)
        _, late = await asyncio.wait(turning, timeout=3)
        for task in late:
            task.cancel()
        await asyncio.gather(*turning, recording, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.lanes.release()

    async def _guard(self, name: str, loop: Callable[[], Awaitable[None]], *, endless: bool = True) -> None:
        """Backs off with jitter while the database is away; other errors are logged and tried again too."""
        failures = 0
        while not (endless and self._stop.is_set()):
            started = self._ports.clock.monotonic()
            try:
                await loop()
                return
            except UNAVAILABLE as error:
                _log.warning("loop.database_away", loop=name, error=type(error).__name__)
            except Exception as error:
                _log.error("loop.failed", loop=name, error=type(error).__name__, exc_info=error)
            failures = 0 if self._ports.clock.monotonic() - started > 30 else failures + 1
            pause = min(0.1 * 2 ** min(failures, 5), 2.0) * (0.75 + self._ports.random.random() / 2)
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _lease_loop(self) -> None:
        while not self._stop.is_set():
            await self.lanes.renew()
            self._ports.meter.beat("lease")
            await self._rest(self._config.lane_lease_s / RENEW_SHARE)

    async def _project_loop(self) -> None:
        while not self._stop.is_set():
            count = await project_batch(self._ports.projection, _PROJECT_BATCH)
            self._ports.meter.beat("project")
            if count < _PROJECT_BATCH // 4:
                # Few or none: those that come meanwhile share the next transaction.
                await self._rest(_IDLE_S)

    async def _rescue_loop(self) -> None:
        while not self._stop.is_set():
            async with self._ports.engine() as tx:
                count = await rescue(tx, self._ports.clock.now(), lease_s=self._config.send_lease_s)
            if count:
                _log.warning("attempts.in_doubt", count=count)
                self._ports.meter.rescued(count)
            self._ports.meter.beat("rescue")
            await self._rest(self._config.rescue_every_s)

    async def _resolve_loop(self) -> None:
        while not self._stop.is_set():
            async with self._ports.engine() as tx:
                trusted = await receivers.trust(tx, tolerance_s=self._config.receiver_tolerance_s)
                since = trusted.healthy_since()
                if trusted.lag_s >= receivers.BACKLOG_S:
                    # Echoes are waiting unread: what is in doubt now may be answered among them.
                    await receivers.taint(tx, "backlog")
                done = await resolve(
                    tx,
                    self._config.doubt,
                    since,
                    again_s=self._config.doubt_every_s / 2,
                    probing=self._probing,
                )
            reached("resolve.after_commit")
            if done.to_probe:
                found = await probe(self._ports, done.to_probe)
                _log.info("doubts.probed", asked=len(done.to_probe), found=found)
            if done.resent or done.asked or done.expired:
                _log.warning("doubts.resolved", resent=done.resent, asked=done.asked, expired=done.expired)
            self._ports.meter.resolved(done.resent, done.asked, done.expired)
            self._ports.meter.beat("resolve")
            if done.looked < PASS:
                await self._rest(self._config.doubt_every_s)

    async def _sweep_loop(self) -> None:
        while not self._stop.is_set():
            async with self._ports.engine() as tx:
                more = await sweep(tx, self._ports.clock.now())
                reached("sweep.before_commit")
            self._ports.meter.beat("sweep")
            await self._rest(_SWEEP_AGAIN_S if more else _SWEEP_EVERY_S)

    async def _chore_loop(self, chore: Chore) -> None:
        await self._rest(chore.first_s)
        while not self._stop.is_set():
            await chore.run()
            self._ports.meter.beat(chore.name)
            await self._rest(chore.every_s)
