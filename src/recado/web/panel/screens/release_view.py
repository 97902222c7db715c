"""What Liberação shows: every switch, who holds it, and one honest sentence above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from recado.kit.ids import NumberId
from recado.messages import backlog
from recado.messages.backlog import Plan, Scope
from recado.numbers import service as numbers
from recado.numbers.model import NumberRow
from recado.tenants import service as tenants
from recado.tenants.model import STOPPABLE_KINDS, KillSwitch, TenantRow
from recado.web.control import CompanyStanding
from recado.web.panel.visitor import Visitor
from recado.web.panel.words import _, mark, n_
from recado.web.services import Services

# `conta` and `linha` are the platform's own stops of a company and of a number, which the company cannot lift;
# `empresa` and `numero` are the company's.
What = Literal["tudo", "conta", "empresa", "linha", "numero", "tipo", "modo"]
PLATFORM_ONLY: frozenset[What] = frozenset({"tudo", "conta", "linha"})
TARGETS: tuple[What, ...] = get_args(What)
Action = Literal["parar", "retomar", "modo"]
ACTIONS: tuple[Action, ...] = get_args(Action)

KIND_NAMES: Mapping[str, str] = {
    "template": mark("Modelos"),
    "text": mark("Textos livres"),
    "image": mark("Imagens"),
    "video": mark("Vídeos"),
    "audio": mark("Áudios"),
    "document": mark("Documentos"),
    "sticker": mark("Figurinhas"),
    "location": mark("Localizações"),
    "contacts": mark("Contatos"),
    "interactive": mark("Botões e listas"),
    "reaction": mark("Reações"),
}
MODE_NAMES: Mapping[str, str] = {
    "enabled": mark("Ligado"),
    "dry_run": mark("Simulação"),
    "disabled": mark("Desligado"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One switch and what is asked of it. `which` is a number, a kind, a mode or a company."""

    what: What
    which: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    kind: str
    name: str
    waiting: int
    stopped: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    installation: KillSwitch
    tenant: TenantRow
    plan: Plan
    numbers: Sequence[NumberRow]
    by_number: Mapping[NumberId, int]
    kinds: Sequence[KindLine]
    # Only for the platform's people.
    companies: Sequence[CompanyStanding]
    may_switch: bool
    may_all: bool

    @property
    def everywhere(self) -> int:
        """How many a stop of everything would hold now."""
        return sum(one.waiting for one in self.companies)

    def number_target(self, one: NumberRow) -> tuple[What, bool] | None:
        """Which stop of this number the button moves, and whether it is on; None when only the platform may."""
        if one.platform_stop:
            return ("linha", True) if self.may_all else None
        if one.kill_switch:
            return "numero", True
        return ("linha", False) if self.may_all else ("numero", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The sentence on top. `tone` is one of the chips' colours."""

    title: str
    text: str
    tone: str
    icon: str


async def load(deps: Services, visitor: Visitor) -> View:
    installation = await deps.control.installation()
    may_all = visitor.allowed("rollout.global")
    companies = await deps.control.companies() if may_all else []
    async with deps.db.tenant(visitor.tenant_id) as tx:
        tenant = await tenants.tenant_by_id(tx, visitor.tenant_id)
        plan = await backlog.plan(tx, deps.clock.now(), Scope(tenant_id=visitor.tenant_id))
        rows = await numbers.list_numbers(tx, visitor.tenant_id)
        by_kind = await backlog.by_kind(tx, visitor.tenant_id)
        by_number = await backlog.by_number(tx, visitor.tenant_id)
    return View(
        installation=installation,
        tenant=tenant,
        plan=plan,
        numbers=rows,
        by_number=by_number,
        kinds=[_kind(one, tenant, by_kind) for one in STOPPABLE_KINDS],
        companies=companies,
        may_switch=visitor.allowed("rollout.switch"),
        may_all=may_all,
    )


def _kind(kind: str, tenant: TenantRow, by_kind: Mapping[str, int]) -> KindLine:
    return KindLine(
        kind=kind,
        name=_(KIND_NAMES[kind]),
        waiting=by_kind.get(kind, 0),
        stopped=kind in tenant.kind_stops,
        why=tenant.kind_stops.get(kind, ""),
    )


def standing(view: View) -> Standing:
    """The first thing that keeps messages from leaving, in words."""
    stop = _stop_of(view)
    if stop is not None:
        return stop
    tenant = view.tenant
    if tenant.mode == "disabled":
        text = _("Nada sai: o que chega a sua vez é registrado como não enviado.")
        return Standing(title=_("Envios desligados"), text=text, tone="skipped", icon="power")
    if tenant.mode == "dry_run":
        text = _("Tudo acontece, menos o último passo: nenhuma mensagem chega ao cliente.")
        return Standing(title=_("Simulação"), text=text, tone="dry", icon="flask-conical")
    return _running(view)


def _stop_of(view: View) -> Standing | None:
    tenant = view.tenant
    if view.installation.forced is not None:
        return _restricted(view.installation)
    if view.installation.kill_switch:
        title, why = _("Envios parados em todas as empresas"), view.installation.kill_reason
    elif tenant.platform_stop:
        title, why = _("Envios parados pela plataforma"), tenant.platform_reason
    elif tenant.kill_switch:
        title, why = _("Envios parados"), tenant.kill_reason
    else:
        return None
    text = _("Motivo: %(why)s", why=why) if why else ""
    return Standing(title=title, text=text, tone="failed", icon="octagon-alert")


def _restricted(installation: KillSwitch) -> Standing:
    """After a restore nothing leaves, in a copy nothing reaches anybody, until a person says so."""
    if installation.forced == "clone":
        title = _("Esta instalação é uma cópia: os envios são só simulados")
    else:
        title = _("O banco foi restaurado: os envios esperam uma decisão")
    text = _(
        "Quem cuida da instalação confere o que já saiu e libera: %(command)s.",
        command=_command(installation),
    )
    return Standing(title=title, text=text, tone="failed", icon="database")


def _command(installation: KillSwitch) -> str:
    return f"recado release {installation.forced}"


def _running(view: View) -> Standing:
    numbers_off = sum(1 for one in view.numbers if one.kill_switch or one.platform_stop or one.paused_reason)
    kinds_off = sum(1 for one in view.kinds if one.stopped)
    parts = []
    if numbers_off:
        parts.append(n_("%(n)s número parado", "%(n)s números parados", numbers_off))
    if kinds_off:
        parts.append(n_("%(n)s tipo parado", "%(n)s tipos parados", kinds_off))
    if not view.numbers:
        parts.append(_("nenhum número ligado ainda"))
    if parts:
        title = _("Envios ligados, com exceções")
        return Standing(title=title, text=" · ".join(parts) + ".", tone="doubt", icon="triangle-alert")
    text = _("Todos os números e todos os tipos podem sair.")
    return Standing(title=_("Envios ligados"), text=text, tone="delivered", icon="circle-check")


def done_words(target: Target) -> str:
    """What the toast says after it."""
    if target.action == "modo":
        return _("Modo trocado: %(mode)s.", mode=_(MODE_NAMES[target.which]))
    if target.action == "parar":
        return _("Parado. As mensagens esperam; nada se perde.")
    return _("Retomado. O que ainda faz sentido sai sozinho.")
