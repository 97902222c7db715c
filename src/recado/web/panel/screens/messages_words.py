"""Words of the message lists and of one message's story. An unknown word names itself."""

from __future__ import annotations

from datetime import datetime

from recado.kit.reason_texts import ReasonText, reason_text
from recado.kit.reasons import Reason
from recado.web.panel.words import _, local, mark, short_moment, speech

KINDS: dict[str, str] = {
    "text": mark("Texto"),
    "image": mark("Imagem"),
    "video": mark("Vídeo"),
    "audio": mark("Áudio"),
    "document": mark("Documento"),
    "sticker": mark("Figurinha"),
    "location": mark("Localização"),
    "contacts": mark("Contatos"),
    "reaction": mark("Reação"),
    "interactive": mark("Com opções"),
    "template": mark("Modelo"),
}
CLASSES: dict[str, str] = {
    "authentication": mark("Código de acesso"),
    "utility": mark("Aviso"),
    "session": mark("Resposta"),
    "marketing": mark("Campanha"),
}
PRICED: dict[str, str] = {
    "utility": mark("utilidade"),
    "marketing": mark("marketing"),
    "authentication": mark("autenticação"),
    "service": mark("atendimento"),
}
# Address word -> label and stored states.
STATUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "na-fila": (mark("Na fila"), ("scheduled", "queued", "held", "claimed", "sending")),
    "em-duvida": (mark("Em dúvida"), ("in_doubt", "needs_decision")),
    "enviada": (mark("Enviada"), ("accepted", "sent")),
    "entregue": (mark("Entregue"), ("delivered",)),
    "lida": (mark("Lida"), ("read", "played")),
    "falhou": (mark("Falhou"), ("rejected", "failed", "expired", "expired_in_doubt")),
    "nao-enviada": (mark("Não enviada"), ("skipped",)),
    "simulada": (mark("Simulada"), ("simulated",)),
    "cancelada": (mark("Cancelada"), ("cancelled", "discarded")),
}
PERIODS: dict[str, tuple[str, int]] = {
    "hoje": (mark("Hoje"), 0),
    "7d": (mark("7 dias"), 7),
    "30d": (mark("30 dias"), 30),
    "90d": (mark("90 dias"), 90),
}
EVENTS: dict[str, tuple[str, str, str]] = {
    "message.accepted": (mark("Pedido guardado"), "inbox", "pending"),
    "message.received": (mark("O cliente escreveu"), "message-circle", "delivered"),
    "message.echoed": (mark("Enviada pelo aplicativo"), "smartphone", "sent"),
    "message.edited": (mark("O cliente editou a mensagem"), "pencil", "pending"),
    "message.revoked": (mark("O cliente apagou a mensagem"), "trash-2", "skipped"),
    "message.skipped": (mark("Não foi enviada, por regra"), "circle-minus", "skipped"),
    "message.expired": (mark("O prazo passou antes de sair"), "hourglass", "failed"),
    "message.failed": (mark("Não pôde sair"), "triangle-alert", "failed"),
    "message.simulated": (mark("Simulação: nada foi enviado"), "flask-conical", "dry"),
    "message.cancelled": (mark("Cancelada antes de sair"), "ban", "skipped"),
    "message.dismissed": (mark("Alguém deu por encerrada"), "circle-check", "skipped"),
    "message.resent": (mark("Enviada de novo como outra mensagem"), "rotate-ccw", "sent"),
    "message.held": (mark("Ficou em espera"), "pause", "pending"),
    "message.released": (mark("Voltou à fila"), "play", "pending"),
    "message.discarded": (mark("Descartada"), "trash-2", "skipped"),
    "attempt.started": (mark("Saiu da fila"), "send", "pending"),
    "provider.accepted": (mark("Aceita pela Meta"), "check", "sent"),
    "provider.rejected": (mark("A Meta recusou"), "triangle-alert", "failed"),
    "provider.later": (mark("A Meta pediu para tentar depois"), "clock", "pending"),
    "provider.in_doubt": (mark("A conexão caiu antes da resposta"), "circle-question-mark", "doubt"),
    "attempt.presumed_lost": (mark("Prova de que não saiu: vai de novo"), "rotate-ccw", "pending"),
    "message.needs_decision": (mark("Não dá para saber se saiu"), "circle-question-mark", "doubt"),
    "message.expired_in_doubt": (mark("O prazo passou na dúvida"), "hourglass", "failed"),
    "decision.resend": (mark("Alguém decidiu reenviar"), "rotate-ccw", "pending"),
    "decision.abandon": (mark("Alguém decidiu não reenviar"), "ban", "skipped"),
    "decision.wait": (mark("Alguém decidiu esperar mais"), "hourglass", "doubt"),
    "incident.duplicate_detected": (mark("Saiu duas vezes: ficou registrado"), "triangle-alert", "failed"),
    "person.answered": (mark("O cliente respondeu"), "reply", "delivered"),
    "status.sent": (mark("Enviada"), "check", "sent"),
    "status.delivered": (mark("Entregue no celular"), "check-check", "delivered"),
    "status.read": (mark("Lida"), "eye", "read"),
    "status.played": (mark("Áudio ouvido"), "headphones", "read"),
    "status.failed": (mark("A Meta não conseguiu entregar"), "triangle-alert", "failed"),
}


def exact(moment: datetime) -> str:
    """14:30:02 today, else with the day: 18/11 10:04:07."""
    return f"{short_moment(moment)}:{local(moment):%S}"


def kind(name: str) -> str:
    return _(KINDS[name]) if name in KINDS else name


def message_class(name: str | None) -> str:
    return _(CLASSES[name]) if name in CLASSES else (name or "—")


def priced(category: object) -> str:
    """Meta's category of a conversation, in words; an unknown one names itself."""
    return _(PRICED[category]) if isinstance(category, str) and category in PRICED else str(category)[:40]


def event(name: str) -> tuple[str, str, str]:
    """Words, icon and tone of one thing that happened."""
    known = EVENTS.get(name)
    return (_(known[0]), known[1], known[2]) if known else (name, "info", "pending")


def reason(code: str | None) -> ReasonText | None:
    """What happened and what to do about it, for a person."""
    if not code:
        return None
    try:
        return reason_text(Reason(code), speech().language)
    except ValueError:
        return reason_text(Reason.UNKNOWN_PROVIDER_ERROR, speech().language)
