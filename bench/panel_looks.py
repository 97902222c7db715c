"""What somebody may look at in the panel: each tab, filter, search and count, as a question to the slices and as an
address of a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from recado.app.seeding import PAST, RARE_KIND, RARE_NAME, RARE_TEMPLATE, samples
from recado.conversations import desk
from recado.db.pool import Tx
from recado.kit.clock import SystemClock
from recado.kit.ids import MessageId, NumberId, TenantId, uuid7
from recado.messages import bulk, listing, reading
from recado.messages.bulk_model import Action, Selection
from recado.messages.listing import TABS, Wanted
from recado.tenants.vault import TenantKeys

Look = Callable[[Tx], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A seeded company: `messages` many, one of them from the middle of its past."""

    messages: int
    tenant_id: TenantId
    number_id: NumberId
    keys: TenantKeys
    one: UUID
    talk: UUID


def sought(town: Town) -> dict[str, str]:
    """What is typed into the search, by what it is."""
    phone, reference = samples(town.messages)
    return {
        "id": str(town.one),
        "reference": reference,
        "phone": phone,
        "phone, last 6 digits": phone[-6:],
        "phone, last 5 digits": phone[-5:],
        "phone, digits inside": phone[3:9],
        "name, beginning": "Mar",
        "name, whole": "Marina Azevedo",
        "name, second word": "azevedo",
        "name, inside a word": "zeved",
        "name one person has": RARE_NAME,
        "text, frequent": "comprovante",
        "text, rare": f"({town.messages - 20})",
        "text nobody wrote": "zebra listrada",
    }


def looks(town: Town) -> dict[str, Look]:
    now = SystemClock().now()
    deep = uuid7(now - PAST + timedelta(days=30), bytes)

    def page(wanted: Wanted, before: UUID = listing.LAST, most: int = 50) -> Look:
        return lambda tx: listing.page(
            tx, now, town.tenant_id, wanted, keys=town.keys, before=before, most=most
        )

    async def plan(tx: Tx) -> object:
        all_of_them = Selection(wanted=Wanted(tab="todas"))
        return await bulk.plan(
            tx, now, town.tenant_id, all_of_them, Action.RESEND, keys=town.keys, actor="bench"
        )

    async def story(tx: Tx) -> object:
        row = await reading.get(tx, town.tenant_id, MessageId(town.one))
        return row, await listing.rows_of(tx, town.tenant_id, [town.one])

    narrowed = {
        "last 7 days": Wanted(since=uuid7(now - timedelta(days=7), bytes)),
        "one number": Wanted(number_id=town.number_id),
        "frequent kind": Wanted(kind="template"),
        "rare kind": Wanted(kind=RARE_KIND),
        "class": Wanted(message_class="authentication"),
        "frequent template": Wanted(template="codigo_acesso"),
        "rare template": Wanted(template=RARE_TEMPLATE),
        "free text": Wanted(free=True),
        "failed": Wanted(states=("failed", "rejected")),
        "one cause": Wanted(tab="voce", reason="undeliverable"),
    }
    return {
        **{f"tab {tab}": page(Wanted(tab=tab)) for tab in TABS},
        **{
            f"deep page of {tab}": page(Wanted(tab=tab), deep)
            for tab in ("todas", "voce", "sairam", "nao-enviadas")
        },
        **{f"filter: {name}": page(wanted) for name, wanted in narrowed.items()},
        **{f"search: {name}": page(Wanted(words=words)) for name, words in sought(town).items()},
        "counts": lambda tx: listing.counts(tx, now, town.tenant_id),
        "causes": lambda tx: listing.causes(tx, town.tenant_id),
        "stopped lanes": lambda tx: listing.stopped_lanes(tx, town.tenant_id),
        "templates used": lambda tx: listing.templates_used(tx, town.tenant_id),
        "one message": story,
        "export: first 500": page(Wanted(), most=500),
        "plan of 5,000": plan,
        **_desk(town),
    }


def _desk(town: Town) -> dict[str, Look]:
    def talks(tab: str, search: str = "") -> Look:
        return lambda tx: desk.listed(tx, town.tenant_id, tab=tab, holder_id=UUID(int=1), search=search)

    named = {name: words for name, words in sought(town).items() if name.startswith(("name", "phone"))}
    return {
        **{f"talks {tab}": talks(tab) for tab in desk.TABS},
        **{f"talks, search: {name}": talks("all", words) for name, words in named.items()},
        "talks, search: nobody": talks("all", "zebra listrada"),
        "thread": lambda tx: desk.thread(tx, town.tenant_id, town.talk),
    }


def addresses(town: Town) -> dict[str, str]:
    """Whole pages as a browser asks for them."""
    at = "/painel/mensagens"
    filters = {
        "last 7 days": {"periodo": "7d"},
        "rare kind": {"tipo": RARE_KIND},
        "rare template": {"modelo": RARE_TEMPLATE},
        "one cause": {"aba": "voce", "causa": "undeliverable"},
    }
    searches = {name: {"q": words} for name, words in sought(town).items()}
    return {
        **{f"tab {tab}": f"{at}?aba={tab}" for tab in TABS},
        **{f"filter: {name}": f"{at}?{urlencode(asked)}" for name, asked in filters.items()},
        **{f"search: {name}": f"{at}?{urlencode(asked)}" for name, asked in searches.items()},
        "one message": f"{at}/{town.one}",
        "Conversas, esperando": "/painel/conversas?aba=esperando",
        "Conversas, todas": "/painel/conversas?aba=todas",
        "Conversas, search: name": "/painel/conversas?"
        + urlencode({"aba": "todas", "busca": "Marina Azevedo"}),
        "Conversas, search: nobody": "/painel/conversas?" + urlencode({"aba": "todas", "busca": "zebra"}),
        "one conversation": f"/painel/conversas/{town.talk}",
        "Métricas": "/painel/metricas",
        "Webhooks": "/painel/webhooks",
    }
