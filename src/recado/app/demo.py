"""`recado demo`: everything on this machine, nothing to configure, nothing leaves it."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from recado.app.demo_data import COMPANY, STAFF, people, simulator_seed
from recado.app.install import Installation, keep_secret, prepare
from recado.app.processes import Child, Family, free_port, on_stop
from recado.app.serve import role_command, role_environ
from recado.app.tending import tending
from recado.app.wiring import House
from recado.db.pool import Tx
from recado.db.system import system
from recado.kit.clock import SystemClock
from recado.numbers import service as numbers
from recado.people import links, persons
from recado.people.rights import Role
from recado.providers.contract import Credentials
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants.model import Mode, TenantRow

_READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAddresses:
    """What the JSON line of `--json` holds; names are a contract."""

    api: str
    panel: str
    # Opens once: whoever follows it becomes the administrator. A fresh one each start.
    panel_link: str = field(repr=False)
    handset: str
    simulator: str
    hooks: str
    client_id: str
    api_key: str = field(repr=False)
    phone_number_id: str
    waba_id: str
    app_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Secrets:
    """Made on the first start, kept in the data directory, never in the repository."""

    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    access_token: str = field(repr=False)
    api_key: str = field(repr=False)


def _secrets(data_dir: Path) -> _Secrets:
    keys = data_dir / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _Secrets(
        app_secret=keep_secret(keys / "demo-app.secret", secrets.token_hex(16)),
        verify_token=keep_secret(keys / "demo-verify.token", secrets.token_urlsafe(16)),
        access_token=keep_secret(keys / "demo-access.token", "demo-" + secrets.token_urlsafe(32)),
        api_key=keep_secret(keys / "demo-api.key", "rk_" + secrets.token_urlsafe(32)),
    )


def _ports(base: int | None) -> tuple[int, int]:
    if base:
        return base, base + 1
    return free_port(), free_port()


async def _seed_database(settings: Settings, installation: Installation, kept: _Secrets) -> str:
    """The sample company and its people, once; the token of a fresh first-run link, every time."""
    house = House(settings, installation, web=False)
    await house.open()
    now = SystemClock().now()
    try:
        async with system(house.db) as tx:
            tenant = await tenants.find_tenant(tx, COMPANY.client_id)
            if tenant is None:
                tenant = await _seed_company(tx, now, house, kept)
            await _seed_people(tx, now, tenant)
            return (await links.first_run(tx, now, actor="demo")).token
    finally:
        await house.close()


async def _seed_company(tx: Tx, now: datetime, house: House, kept: _Secrets) -> TenantRow:
    tenant = await tenants.create_tenant(
        tx, now, house.vault, client_id=COMPANY.client_id, name=COMPANY.name, mode=Mode.ENABLED
    )
    await tenants.create_key(tx, now, tenant.tenant_id, name="demonstração", secret=kept.api_key)
    await numbers.add_number(
        tx,
        now,
        house.vault,
        tenant,
        provider="meta",
        waba_external_id=COMPANY.waba_id,
        external_id=COMPANY.phone_number_id,
        display_phone=COMPANY.display_phone,
        verified_name=COMPANY.name,
        credentials=Credentials(access_token=kept.access_token, app_secret=kept.app_secret),
    )
    return tenant


async def _seed_people(tx: Tx, now: datetime, tenant: TenantRow) -> None:
    """Nobody here has a password: they come in only through the demonstration's buttons."""
    for login, name, role in STAFF:
        if await persons.find_person(tx, login) is not None:
            continue
        person = await persons.create_person(
            tx,
            now,
            login=login,
            name=name,
            password_hash=None,
            platform=role is Role.PLATFORM,
            actor="demo",
        )
        if role is not Role.PLATFORM:
            await persons.put_member(tx, now, tenant.tenant_id, person.person_id, role, actor="demo")


async def _until_ok(session: aiohttp.ClientSession, url: str) -> None:
    """Raises TimeoutError when the address does not answer 200 in time."""
    async with asyncio.timeout(_READY_WITHIN_S):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def _seed_simulator(session: aiohttp.ClientSession, simulator: str, hooks: str, kept: _Secrets) -> None:
    seed = simulator_seed(
        app_secret=kept.app_secret,
        verify_token=kept.verify_token,
        access_token=kept.access_token,
        callback_url=hooks,
    )
    async with session.post(f"{simulator}/_sim/seed", json=seed) as answer:
        if answer.status >= 300:
            raise RuntimeError(f"the simulator refused the sample company: {await answer.text()}")


async def _open_the_door(session: aiohttp.ClientSession, simulator: str, api: str, kept: _Secrets) -> None:
    """Stories on the handset let the company write: its own door is asked, as its software would."""
    headers = {"Authorization": f"Bearer {kept.api_key}", "X-Client-Id": COMPANY.client_id}
    door = {"url": f"{api}/api/v1/messages", "headers": headers}
    async with session.post(f"{simulator}/_sim/business", json=door) as answer:
        if answer.status >= 300:
            raise RuntimeError(f"the simulator refused the company's door: {await answer.text()}")


def demo_settings(data_dir: Path, port: int, simulator_port: int, kept: _Secrets) -> dict[str, str]:
    return {
        "RECADO_ENVIRONMENT": "demo",
        "RECADO_DATA_DIR": str(data_dir),
        "RECADO_PORT": str(port),
        "RECADO_META_BASE_URL": f"http://127.0.0.1:{simulator_port}",
        "RECADO_META_APP_SECRET": kept.app_secret,
        "RECADO_META_VERIFY_TOKEN": kept.verify_token,
        "RECADO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RECADO_DEMO_LOGIN": "true",
    }


def _build_settings(environ: Mapping[str, str]) -> Settings:
    values = {name.removeprefix("RECADO_").lower(): value for name, value in environ.items()}
    return Settings(**values)  # type: ignore[arg-type]


async def demo(data_dir: Path, port_base: int | None, announce: Callable[[DemoAddresses], None]) -> None:
    """Starts everything, announces the addresses, stops everything on SIGINT or SIGTERM."""
    kept = _secrets(data_dir)
    port, simulator_port = _ports(port_base)
    environ = demo_settings(data_dir, port, simulator_port, kept)
    settings = _build_settings(environ)
    installation = await prepare(settings)
    family = Family()
    on_stop(family.ask_to_stop)
    try:
        async with tending(settings, installation):
            await _run(family, settings, installation, kept, environ, simulator_port, announce)
    finally:
        await family.stop()
        await asyncio.to_thread(installation.leave)


async def _run(
    family: Family,
    settings: Settings,
    installation: Installation,
    kept: _Secrets,
    environ: Mapping[str, str],
    simulator_port: int,
    announce: Callable[[DemoAddresses], None],
) -> None:
    api = f"http://127.0.0.1:{settings.port}"
    simulator = f"http://127.0.0.1:{simulator_port}"
    hooks = f"{api}/hooks/meta/{installation.hook_token}"
    state = settings.data_dir / "simulator.json"
    command = [
        sys.executable,
        "-m",
        "recado_sim",
        "--port",
        str(simulator_port),
        "--state",
        str(state),
    ]
    child_environ = role_environ(environ)
    await family.start(Child("simulator", command, child_environ))
    await family.start(Child("web", role_command("web"), child_environ))
    token = await _seed_database(settings, installation, kept)
    await family.start(Child("work", role_command("work"), child_environ))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session:
        await _until_ok(session, f"{simulator}/_sim/health")
        await _until_ok(session, f"{api}/health/live")
        await _seed_simulator(session, simulator, hooks, kept)
        await _open_the_door(session, simulator, api, kept)
        await _until_ok(session, f"{api}/health/ready")
    addresses = DemoAddresses(
        api=api,
        panel=f"{api}/painel",
        panel_link=f"{api}/painel/convite/{token}",
        handset=f"{simulator}/celular",
        simulator=simulator,
        hooks=hooks,
        client_id=COMPANY.client_id,
        api_key=kept.api_key,
        phone_number_id=COMPANY.phone_number_id,
        waba_id=COMPANY.waba_id,
        app_secret=kept.app_secret,
    )
    announce(addresses)
    await family.stopping.wait()


def as_json(addresses: DemoAddresses) -> str:
    return json.dumps(asdict(addresses))


def as_text(addresses: DemoAddresses) -> str:
    marina = people()[0]
    return f"""
  recado está no ar. Nada sai desta máquina.

    Painel     {addresses.panel}
    API        {addresses.api}/docs
    Celular    {addresses.handset}
    Chave      {addresses.api_key}

  Envie a primeira mensagem e veja no celular da {marina["name"]}:

    curl -sS {addresses.api}/api/v1/messages \\
      -H 'Authorization: Bearer {addresses.api_key}' \\
      -H 'X-Client-Id: {addresses.client_id}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"to": "{marina["phone"]}", "type": "template", "template": {{"name": "lembrete_consulta",
           "language": {{"code": "pt_BR"}}, "components": [{{"type": "body", "parameters": [
           {{"type": "text", "text": "Marina"}}, {{"type": "text", "text": "amanhã às 14h"}}]}}]}}}}'

  Ctrl-C encerra tudo.
"""
