"""Settings to working parts: the web application and the worker."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from recado.adapters.blobs import DirectoryBlobs
from recado.app.accepting import Accepting
from recado.app.chores import chores
from recado.app.demo_data import sample_message
from recado.app.directory import Directory
from recado.app.disk import space_of
from recado.app.health import Health
from recado.app.install import Installation
from recado.app.metrics import Metrics
from recado.db.notes import listen
from recado.db.pool import Database, Tx
from recado.db.system import system
from recado.inbound.ledger import Ledger
from recado.inbound.letters import Letters
from recado.inbound.projector import Projection
from recado.inbound.receivers import Pulse
from recado.inbound.routing import Routes
from recado.kit.clock import Clock, SystemClock
from recado.kit.failpoints import reached
from recado.kit.ids import attempt_token
from recado.live.hub import Hub
from recado.live.notifier import CHANNEL, Notifier
from recado.messages.doubt_rules import DoubtRules
from recado.providers.contract import Provider, Receiver
from recado.providers.event_keys import event_key
from recado.providers.meta.provider import build as build_meta
from recado.settings import Settings
from recado.tenants.vault import Vault
from recado.web.asgi import build_app
from recado.web.control import Control
from recado.web.desk import Desk
from recado.web.front import Front
from recado.web.hooks.receive import HookConfig
from recado.web.services import Services
from recado.worker.bulk_jobs import BulkJobs
from recado.worker.letter_jobs import LetterJobs
from recado.worker.loops import Worker
from recado.worker.media_jobs import TRANSFERS, MediaJobs
from recado.worker.ports import WorkerConfig, WorkerPorts
from recado.worker.template_jobs import TemplateJobs

_INTAKE_CONNECTIONS = 3


class House:
    """One process's parts. `open` and `close` belong together."""

    def __init__(
        self,
        settings: Settings,
        installation: Installation,
        *,
        web: bool,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.installation = installation
        self.clock = clock or SystemClock()
        app_size = settings.web_connections if web else 0
        self.db = Database(
            installation.dsn,
            app_size=app_size,
            engine_size=settings.engine_connections,
            intake_size=_INTAKE_CONNECTIONS,
        )
        # The pulse must beat while everything else is busy: a missed beat costs trust in what was not heard.
        self._heart = Database(installation.dsn, app_size=0, engine_size=1 if web else 0, intake_size=0)
        self.vault = Vault(installation.ring)
        self.blobs = DirectoryBlobs(settings.data_dir / "media")
        self.metrics = Metrics()
        self.space = space_of(settings, self.clock.monotonic)
        self.providers: dict[str, Provider] = {}
        self.notifier = Notifier(self.db)
        # Its pauses are those of real connections, whatever clock the house lives by.
        self.live = Hub(self.db, SystemClock(), partial(listen, installation.dsn, CHANNEL))

    async def open(self) -> None:
        await self.db.open()
        await self._heart.open()
        self.notifier.start()
        self.providers = build_providers(self.settings)

    async def close(self) -> None:
        await self.live.close()
        await self.notifier.stop()
        for provider in self.providers.values():
            await provider.sender.aclose()
        await self._heart.close()
        await self.db.close()

    def pulse(self) -> Pulse:
        """The heartbeat of this process's webhook door, on a connection of its own."""
        settings = self.settings
        return Pulse(self._heart, beat_s=settings.receiver_beat_s, tolerance_s=settings.receiver_tolerance_s)

    def full(self) -> bool:
        """Too little room for the embedded database to take anything more."""
        return self.settings.embedded and self.space.full()

    def engine(self) -> AbstractAsyncContextManager[Tx]:
        return system(self.db)


def build_providers(settings: Settings) -> dict[str, Provider]:
    """The map from stored provider names to translators."""
    meta = build_meta(
        settings.meta_base_url,
        settings.meta_version,
        connect_s=settings.send_connect_s,
        read_s=settings.send_read_s,
        limit=settings.send_concurrency,
        probe=reached,
        history=settings.meta_history,
    )
    return {"meta": meta}


def handset_address(settings: Settings) -> str | None:
    """The virtual handset stands beside the simulator: with Meta itself as provider there is none."""
    simulated = settings.environment == "demo" and settings.meta_base_url.startswith("http://")
    return f"{settings.meta_base_url}/celular" if simulated else None


def _receivers(providers: Mapping[str, Provider]) -> dict[str, Receiver]:
    return {name: provider.receiver for name, provider in providers.items()}


def _secrets(settings: Settings) -> tuple[bytes, ...]:
    chosen = (settings.meta_app_secret, settings.meta_app_secret_previous)
    return tuple(
        one.get_secret_value().encode() for one in chosen if one is not None and one.get_secret_value()
    )


def web_app(house: House, pulse: Pulse | None = None) -> Front:
    """The doors. The hook door goes straight to the ledger; the rest is FastAPI."""
    settings = house.settings
    directory = Directory(house)
    accepting = Accepting(house.db, house.clock, house.notifier.changed)
    health = Health(house)
    staging = settings.staging_token if settings.environment != "production" else None
    services = Services(
        db=house.db,
        clock=house.clock,
        vault=house.vault,
        blobs=house.blobs,
        providers=house.providers,
        authenticate=directory.authenticate,
        audit_refusal=directory.audit_refusal,
        accept=accepting.accept,
        sealed_credentials=directory.sealed_credentials,
        find_client=directory.find_client,
        readiness=health.readiness,
        metrics=health.metrics,
        numbers=directory,
        stopped=directory.stopped,
        tenant_keys=directory.tenant_keys,
        media_max_bytes=settings.media_max_bytes,
        public_url=settings.public_url or "",
        live=house.live,
        changed=house.notifier.changed,
        desk=Desk(house.engine, house.clock, house.installation.ring),
        control=Control(house.engine, house.clock, house.vault),
        letters=Letters(projection(house)),
        proxies=settings.proxies,
        demo_login=settings.demo_login,
        handset_url=handset_address(settings),
        sample=sample_message() if settings.demo_login else None,
        staging_token=staging.get_secret_value() if staging else None,
        full=house.full,
    )
    ledger = Ledger(house.db, "meta")
    return build_app(
        services,
        _hook(house),
        house.providers["meta"].receiver,
        ledger.append,
        ledger.submit,
        _Vouching(house.metrics, pulse),
        show_docs=settings.environment != "production",
    )


def _hook(house: House) -> HookConfig:
    verify = house.settings.meta_verify_token
    return HookConfig(
        token=house.installation.hook_token,
        secrets=_secrets(house.settings),
        verify_token=verify.get_secret_value() if verify else None,
    )


class _Vouching:
    """Counts the hook door's answers and tells the pulse about every webhook that was not taken."""

    def __init__(self, metrics: Metrics, pulse: Pulse | None) -> None:
        self._metrics = metrics
        self._pulse = pulse

    def answered(self, status: int, *, knocked: bool) -> None:
        self._metrics.answered(status)
        if self._pulse is not None and knocked and status != 200:
            self._pulse.taint(f"answered_{status}")


def build_worker(house: House, owner: UUID | None = None) -> Worker:
    settings = house.settings
    source = random.Random(secrets.randbits(64))  # noqa: S311 - jitter, not secrets
    media_jobs = MediaJobs(lambda: ports, settings.media_max_bytes)
    template_jobs = TemplateJobs(lambda: ports)
    letter_jobs = LetterJobs(lambda: ports)
    bulk_jobs = BulkJobs(lambda: ports)
    ports = WorkerPorts(
        engine=house.engine,
        providers=house.providers,
        vault=house.vault,
        clock=house.clock,
        new_token=lambda: attempt_token(house.clock.now()),
        random=source,
        blobs=house.blobs,
        projection=projection(house),
        meter=house.metrics,
        handlers=media_jobs.handlers()
        | template_jobs.handlers()
        | letter_jobs.handlers()
        | bulk_jobs.handlers(),
        transfers=TRANSFERS,
        chores=chores(house, source.random()),
        changed=house.notifier.changed,
        full=house.full,
    )
    return Worker(ports, worker_config(settings, owner or uuid4()))


def worker_config(settings: Settings, owner: UUID) -> WorkerConfig:
    budget_s = settings.send_connect_s + settings.send_read_s
    return WorkerConfig(
        owner=owner,
        send_concurrency=settings.send_concurrency,
        send_lease_s=settings.send_lease_s,
        lane_lease_s=settings.lane_lease_s,
        claim_interval_s=settings.claim_interval_s,
        send_budget_s=budget_s,
        drain_s=budget_s + 1,
        doubt=doubt_rules(settings),
        doubt_every_s=settings.doubt_every_s,
        rescue_every_s=settings.rescue_every_s,
        receiver_tolerance_s=settings.receiver_tolerance_s,
    )


def doubt_rules(settings: Settings) -> DoubtRules:
    return DoubtRules(
        window_s=settings.doubt_window_s,
        lease_s=settings.send_lease_s,
        margin_s=settings.doubt_margin_s,
        proof_s=settings.doubt_proof_s,
        cooldown_s=settings.doubt_cooldown_s,
        soft_s=settings.doubt_soft_s,
        session_s=settings.doubt_session_s,
    )


def projection(house: House) -> Projection:
    return Projection(
        db=house.db,
        routes=Routes(house.vault, house.clock),
        receivers=_receivers(house.providers),
        event_key=event_key,
        clock=house.clock,
        meter=house.metrics,
        retry_after=timedelta(seconds=house.settings.retry_projection_s),
        stale_after=timedelta(seconds=house.settings.stale_event_s),
        changed=house.notifier.changed,
    )
