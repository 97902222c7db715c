"""The audit trail in people's words: actions, actors, what was and what became."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recado.audit.model import Entry
from recado.web.panel.words import _, mark

ACTIONS: Mapping[str, str] = {
    "tenant.created": mark("Criou a empresa"),
    "tenant.settings_changed": mark("Mudou as configurações"),
    "tenant.stopped_by_platform": mark("Parou a empresa (plataforma)"),
    "tenant.freed_by_platform": mark("Liberou a empresa (plataforma)"),
    "installation.stopped": mark("Parou toda a instalação"),
    "installation.freed": mark("Liberou toda a instalação"),
    "installation.restore_released": mark("Liberou os envios depois de restaurar"),
    "installation.clone_released": mark("Liberou os envios numa cópia"),
    "kind.stopped": mark("Parou um tipo de mensagem"),
    "kind.freed": mark("Liberou um tipo de mensagem"),
    "key.created": mark("Criou uma chave"),
    "key.rotated": mark("Trocou uma chave"),
    "key.revoked": mark("Revogou uma chave"),
    "key.refused": mark("Chave recusada"),
    "client_id.mismatch": mark("Chave usada com outra empresa"),
    "number.added": mark("Conectou um número"),
    "number.stopped": mark("Parou um número"),
    "number.freed": mark("Liberou um número"),
    "number.resumed": mark("Retomou um número"),
    "number.credentials_replaced": mark("Renovou o token"),
    "number.stopped_by_platform": mark("Parou um número (plataforma)"),
    "number.freed_by_platform": mark("Liberou um número (plataforma)"),
    "number.ordering_changed": mark("Mudou a ordem de saída de um número"),
    "member.role_given": mark("Deu um papel a alguém"),
    "member.removed": mark("Tirou alguém da empresa"),
    "link.invitation_made": mark("Criou um convite"),
    "link.invitation_revoked": mark("Desfez um convite"),
    "link.password_made": mark("Criou um endereço para trocar a senha"),
    "link.first_run_made": mark("Criou o primeiro endereço de entrada"),
    "person.created": mark("Criou uma pessoa"),
    "person.disabled": mark("Bloqueou uma pessoa"),
    "person.enabled": mark("Desbloqueou uma pessoa"),
    "person.entered": mark("Entrou no painel"),
    "person.password_changed": mark("Trocou a senha"),
    "person.platform_changed": mark("Mudou o acesso de plataforma"),
    "person.second_factor_on": mark("Ligou o segundo fator"),
    "person.second_factor_off": mark("Desligou o segundo fator"),
    "personal.revealed": mark("Mostrou um telefone"),
    "conversation.assigned": mark("Definiu quem cuida de uma conversa"),
    "conversation.released": mark("Soltou uma conversa"),
    "conversation.resolved": mark("Resolveu uma conversa"),
    "conversation.reopened": mark("Reabriu uma conversa"),
    "conversation.noted": mark("Anotou em uma conversa"),
    "conversation.seen": mark("Leu uma conversa"),
    "message.written": mark("Escreveu uma mensagem"),
    "message.cancelled": mark("Cancelou uma mensagem"),
    "message.dismissed": mark("Deu uma mensagem por encerrada"),
    "message.resent": mark("Reenviou uma mensagem"),
    "message.resend": mark("Mandou reenviar uma mensagem em dúvida"),
    "message.abandon": mark("Encerrou uma mensagem em dúvida"),
    "message.wait": mark("Mandou esperar uma mensagem em dúvida"),
    "templates.compared": mark("Comparou os modelos com a Meta"),
    "webhook.revealed": mark("Viu um webhook inteiro"),
    "webhook.replayed": mark("Reprocessou um webhook"),
    "webhook.discarded": mark("Descartou um webhook"),
    "webhooks.replay_started": mark("Começou a reprocessar webhooks"),
    "webhooks.discard_started": mark("Começou a descartar webhooks"),
    "webhooks.batch_cancelled": mark("Parou um lote de webhooks"),
    "held.release": mark("Soltou mensagens seguradas"),
    "held.discard": mark("Descartou mensagens seguradas"),
    "staging.outbound": mark("Enviou pela porta de ensaio"),
    "audit.exported": mark("Exportou a auditoria"),
    "metrics.exported": mark("Exportou as métricas"),
    "messages.exported": mark("Exportou mensagens"),
    "messages.bulk_started": mark("Começou um lote de mensagens"),
    "messages.bulk_cancelled": mark("Parou um lote de mensagens"),
}
_ACTORS: Mapping[str, str] = {
    "cli": mark("Linha de comando"),
    "demo": mark("Demonstração"),
    "api": mark("API"),
}
FIELDS: Mapping[str, str] = {
    "name": mark("nome"),
    "mode": mark("modo"),
    "timezone": mark("fuso"),
    "locale": mark("idioma"),
    "kill_switch": mark("parada"),
    "kill_reason": mark("motivo da parada"),
    "settings": mark("opções"),
    "stopped": mark("tipos parados"),
    "role": mark("papel"),
    "person": mark("pessoa"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field, before and after, as text."""

    name: str
    was: str
    became: str


def action_words(action: str) -> str:
    """An action nobody has words for names itself."""
    known = ACTIONS.get(action)
    return _(known) if known else action


def actor_words(actor: str, names: Mapping[str, str]) -> str:
    """A member's name, `API (chave …1a2b)`, or who else it was."""
    if actor in names:
        return names[actor]
    kind, _sep, which = actor.partition(":")
    if kind == "key":
        return _("API (chave …%(end)s)", end=which[-4:])
    if kind == "person":
        return _("Pessoa …%(end)s", end=which[-4:])
    known = _ACTORS.get(actor)
    return _(known) if known else actor


def changes(row: Entry, names: Mapping[str, str]) -> list[Change]:
    """What changed, field by field; nothing when the entry keeps no settings. People by `names`."""
    was, became = row.was or {}, row.became or {}
    return [
        Change(name=_field(name), was=_told(name, was, names), became=_told(name, became, names))
        for name in sorted(was.keys() | became.keys())
        if was.get(name) != became.get(name)
    ]


def _field(name: str) -> str:
    known = FIELDS.get(name)
    return _(known) if known else name


def _told(name: str, side: Mapping[str, Any], names: Mapping[str, str]) -> str:
    value = side.get(name)
    return actor_words(f"person:{value}", names) if name == "person" and value else _shown(value)


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("sim") if value else _("não")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value) if isinstance(value, str | int | float) else json_line(value)


def json_line(value: Any) -> str:
    """One line of JSON; empty for nothing."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
