"""Every message state as people see it: a word, an icon, a colour. Never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from recado.web.panel.words import mark


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a colour of tokens.css; `label` is translated where it is shown."""

    label: str
    icon: str
    tone: str


LOOKS: dict[str, Look] = {
    "pending": Look(mark("Na fila"), "clock", "pending"),
    "queued": Look(mark("Na fila"), "clock", "pending"),
    "claimed": Look(mark("Na fila"), "clock", "pending"),
    "held": Look(mark("Em espera"), "pause", "pending"),
    "scheduled": Look(mark("Agendada"), "calendar", "scheduled"),
    "sending": Look(mark("Saindo"), "send", "sent"),
    "accepted": Look(mark("Enviada"), "check", "sent"),
    "sent": Look(mark("Enviada"), "check", "sent"),
    "delivered": Look(mark("Entregue"), "check-check", "delivered"),
    "read": Look(mark("Lida"), "eye", "read"),
    "played": Look(mark("Ouvida"), "headphones", "read"),
    "failed": Look(mark("Falhou"), "triangle-alert", "failed"),
    "rejected": Look(mark("Recusada"), "triangle-alert", "failed"),
    "expired": Look(mark("Venceu"), "hourglass", "failed"),
    "expired_in_doubt": Look(mark("Venceu em dúvida"), "hourglass", "failed"),
    "skipped": Look(mark("Não enviada"), "circle-minus", "skipped"),
    "in_doubt": Look(mark("Em dúvida"), "circle-question-mark", "doubt"),
    "needs_decision": Look(mark("Precisa decidir"), "circle-question-mark", "doubt"),
    "dry_run": Look(mark("Simulada"), "flask-conical", "dry"),
    "simulated": Look(mark("Simulada"), "flask-conical", "dry"),
    "cancelled": Look(mark("Cancelada"), "ban", "skipped"),
    "discarded": Look(mark("Descartada"), "trash-2", "skipped"),
    "received": Look(mark("Recebida"), "message-circle", "delivered"),
}


def look(state: str) -> Look:
    """An unknown state names itself."""
    return LOOKS.get(state) or Look(state, "info", "pending")


ROLE_NAMES: dict[str, str] = {
    "platform": mark("Plataforma"),
    "administrator": mark("Administração"),
    "operator": mark("Recepção"),
    "developer": mark("Desenvolvimento"),
    "reviewer": mark("Revisão"),
}
