"""The screens and where the navigation leads. A new screen adds its router and its entry here."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from recado.web.panel.screens import (
    accounts,
    audit,
    conversations,
    conversations_acts,
    conversations_holding,
    counts,
    door,
    first,
    keys,
    links,
    live,
    messages,
    messages_bulk,
    messages_detail,
    messages_export,
    messages_files,
    messages_pace,
    metrics,
    modelos,
    numeros,
    own,
    preferences,
    release,
    sheet,
    static,
    webhooks,
)
from recado.web.panel.visitor import Visitor
from recado.web.panel.words import mark

# Every router of the panel. The guard stands before each route (see `web/panel/app.py`).
ROUTERS: tuple[APIRouter, ...] = (
    static.router,
    door.router,
    links.router,
    own.router,
    preferences.router,
    sheet.router,
    live.router,
    counts.router,
    first.router,
    messages.router,
    # Before the pages of one message: their addresses would be taken for ids.
    messages_bulk.router,
    messages_export.router,
    messages_pace.router,
    messages_detail.router,
    messages_files.router,
    release.router,
    audit.router,
    metrics.router,
    accounts.router,
    keys.router,
    numeros.router,
    modelos.router,
    webhooks.router,
    conversations.router,
    conversations_acts.router,
    conversations_holding.router,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the navigation. `key` is pressed after `g`; `badge` names a count of `/painel/contagens`."""

    path: str
    label: str
    icon: str
    right: str
    key: str = ""
    badge: str = ""
    # Among the five of the phone's bottom bar.
    bar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Navigation:
    groups: tuple[Group, ...]

    def for_visitor(self, visitor: Visitor) -> list[Group]:
        """Only what the role may open."""
        seen = []
        for group in self.groups:
            entries = tuple(one for one in group.entries if visitor.allowed(one.right))
            if entries:
                seen.append(Group(title=group.title, entries=entries))
        return seen

    def entries(self) -> list[Entry]:
        return [entry for group in self.groups for entry in group.entries]


NAVIGATION = Navigation(
    (
        Group(
            title="",
            entries=(
                Entry(
                    path="/painel/mensagens",
                    label=mark("Mensagens"),
                    icon="message-square-text",
                    right="messages.read",
                    key="m",
                    badge="voce",
                    bar=True,
                ),
                Entry(
                    path="/painel/conversas",
                    label=mark("Conversas"),
                    icon="inbox",
                    right="conversations.read",
                    key="c",
                    badge="esperando",
                    bar=True,
                ),
            ),
        ),
        Group(
            title=mark("Canais"),
            entries=(
                Entry(
                    path="/painel/numeros",
                    label=mark("Números"),
                    icon="smartphone",
                    right="numbers.read",
                    key="n",
                    bar=True,
                ),
                Entry(
                    path="/painel/modelos",
                    label=mark("Modelos"),
                    icon="layout-template",
                    right="templates.read",
                    key="t",
                ),
                Entry(
                    path="/painel/webhooks",
                    label=mark("Webhooks"),
                    icon="webhook",
                    right="webhooks.read",
                    key="w",
                    bar=True,
                ),
            ),
        ),
        Group(
            title=mark("Plataforma"),
            entries=(
                Entry(
                    path="/painel/liberacao",
                    label=mark("Liberação"),
                    icon="shield-check",
                    right="rollout.read",
                    key="l",
                ),
                Entry(
                    path="/painel/contas",
                    label=mark("Contas e chaves"),
                    icon="key-round",
                    right="accounts.read",
                    key="k",
                ),
                Entry(
                    path="/painel/metricas",
                    label=mark("Métricas"),
                    icon="chart-column",
                    right="metrics.read",
                    key="e",
                ),
                Entry(
                    path="/painel/auditoria",
                    label=mark("Auditoria"),
                    icon="scroll-text",
                    right="audit.read",
                    key="u",
                ),
            ),
        ),
    )
)
