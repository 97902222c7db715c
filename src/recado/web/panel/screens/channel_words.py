"""Words and looks of what providers say about templates and numbers. An unknown word names itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.web.panel.words import _, mark, number, speech

_TIER = re.compile(r"TIER_(\d{1,4})(K?)")


@dataclass(frozen=True, slots=True)
class Badge:
    """`label` is translated where it is shown."""

    label: str
    icon: str
    tone: str


TEMPLATE_STATUS: dict[str, Badge] = {
    "APPROVED": Badge(mark("Aprovado"), "circle-check", "delivered"),
    "ACTIVE": Badge(mark("Aprovado"), "circle-check", "delivered"),
    "FLAGGED": Badge(mark("Em alerta"), "triangle-alert", "doubt"),
    "REINSTATED": Badge(mark("Aprovado de novo"), "circle-check", "delivered"),
    "LOCKED": Badge(mark("Bloqueado para edição"), "lock", "delivered"),
    "PENDING": Badge(mark("Em análise"), "hourglass", "pending"),
    "IN_APPEAL": Badge(mark("Em recurso"), "hourglass", "pending"),
    "REJECTED": Badge(mark("Recusado"), "circle-x", "failed"),
    "PAUSED": Badge(mark("Pausado pela Meta"), "circle-pause", "doubt"),
    "DISABLED": Badge(mark("Desativado pela Meta"), "ban", "failed"),
    "LIMIT_EXCEEDED": Badge(mark("Limite de modelos"), "octagon-alert", "failed"),
    "ARCHIVED": Badge(mark("Arquivado"), "archive", "skipped"),
    "DELETED": Badge(mark("Excluído"), "trash-2", "skipped"),
}
QUALITY: dict[str, Badge] = {
    "GREEN": Badge(mark("Alta"), "circle-check", "delivered"),
    "YELLOW": Badge(mark("Média"), "circle-alert", "doubt"),
    "RED": Badge(mark("Baixa"), "triangle-alert", "failed"),
}
NO_QUALITY = Badge(mark("Sem dados"), "circle-minus", "pending")
CATEGORY: dict[str, str] = {
    "UTILITY": mark("Serviço"),
    "MARKETING": mark("Marketing"),
    "AUTHENTICATION": mark("Autenticação"),
}
CHANGE: dict[str, str] = {
    "created": mark("Apareceu na lista da Meta"),
    "status": mark("Situação"),
    "quality": mark("Qualidade"),
    "category": mark("Categoria"),
    "components": mark("O texto ou os botões mudaram"),
    "gone": mark("Saiu da lista da Meta"),
}
SOURCE: dict[str, str] = {"webhook": mark("aviso da Meta"), "sync": mark("comparação")}
BUTTON: dict[str, str] = {
    "quick_reply": mark("Resposta rápida"),
    "url": mark("Abre um endereço"),
    "phone_number": mark("Liga para um telefone"),
    "copy_code": mark("Copia um código"),
    "otp": mark("Copia um código"),
}
VARIABLE: dict[str, str] = {
    "text": mark("texto"),
    "image": mark("imagem"),
    "video": mark("vídeo"),
    "document": mark("documento"),
    "url": mark("fim do endereço"),
    "code": mark("código"),
}
PART: dict[str, str] = {
    "header": mark("Título"),
    "body": mark("Texto"),
    "button": mark("Botão"),
}
PROVIDER_STATUS: dict[str, str] = {
    "CONNECTED": mark("conectado"),
    "PENDING": mark("pendente"),
    "DISCONNECTED": mark("desconectado"),
    "RESTRICTED": mark("restrito"),
    "BANNED": mark("banido"),
    "FLAGGED": mark("em alerta"),
    "MIGRATED": mark("migrado"),
}
SWITCH: dict[str, tuple[str, str]] = {
    "kill_switch": (mark("Parado pela empresa"), mark("Liberado pela empresa")),
    "platform_stop": (mark("Parado pela plataforma"), mark("Liberado pela plataforma")),
    "paused_reason": (mark("Em pausa sozinho"), mark("A pausa acabou")),
    "rate_per_s": (mark("O ritmo mudou"), mark("O ritmo mudou")),
    "burst": (mark("A rajada mudou"), mark("A rajada mudou")),
    "pair_interval_s": (mark("O intervalo por cliente mudou"), mark("O intervalo por cliente mudou")),
    "pair_burst": (mark("A rajada por cliente mudou"), mark("A rajada por cliente mudou")),
}
EVENT: dict[str, str] = {
    "StatusChanged": mark("situação de mensagem"),
    "MessageReceived": mark("mensagem recebida"),
    "MessageEdited": mark("mensagem editada"),
    "MessageRevoked": mark("mensagem apagada"),
    "Echoed": mark("mensagem enviada pelo app"),
    "IdentityChanged": mark("cliente mudou de número"),
    "TemplateChanged": mark("modelo mudou"),
    "AccountChanged": mark("conta mudou"),
    "PreferenceChanged": mark("preferência do cliente"),
    "HistoryChunk": mark("histórico"),
    "AppStateSynced": mark("contatos do app"),
    "ValueFault": mark("falha avisada pela Meta"),
    "Unrecognised": mark("aviso desconhecido"),
}
OUTCOME: dict[str, Badge] = {
    "applied": Badge(mark("Contou aqui"), "circle-check", "delivered"),
    "repeated": Badge(mark("Repetido, não contou de novo"), "copy", "pending"),
    "pending": Badge(mark("Ainda não contou"), "hourglass", "doubt"),
    "orphan": Badge(mark("Sem dono"), "circle-question-mark", "skipped"),
    "other": Badge(mark("De outra empresa"), "building-2", "skipped"),
}


def limit(tier: str | None) -> str:
    """Meta's tiers count the customers a business may write to first in 24 hours."""
    if tier is None:
        return "—"
    if tier == "TIER_UNLIMITED":
        return _("sem limite")
    found = _TIER.fullmatch(tier)
    if found is None:
        return tier
    customers = int(found[1]) * (1000 if found[2] else 1)
    return _("%(n)s clientes em 24 h", n=number(customers))


def customers(tier: str | None) -> int | None:
    """The tier as a figure; None when there is no limit, or nobody knows it."""
    found = _TIER.fullmatch(tier or "")
    return int(found[1]) * (1000 if found[2] else 1) if found else None


def template_status(status: str) -> Badge:
    return TEMPLATE_STATUS.get(status) or Badge(status, "info", "pending")


def quality(word: str | None) -> Badge:
    return NO_QUALITY if word is None else QUALITY.get(word) or Badge(word, "info", "pending")


def word(table: dict[str, str], key: str | None) -> str:
    """The translated word, or the key itself."""
    if key is None:
        return "—"
    return _(table[key]) if key in table else key


def why(reason: str | None) -> str:
    """A stored reason in the visitor's language; an unknown one names itself."""
    if reason is None:
        return ""
    try:
        return reason_text(Reason(reason), speech().language).text
    except ValueError:
        return reason
