"""Sentences of the timeline, pt-BR and en."""

from __future__ import annotations

_KINDS: dict[str, tuple[str, str]] = {
    "message.accepted": (
        "Recebemos o pedido e guardamos a mensagem",
        "We took the request and stored the message",
    ),
    "message.received": ("O cliente escreveu", "The customer wrote"),
    "message.echoed": (
        "Enviada pelo aplicativo no celular da empresa",
        "Sent from the business's own phone",
    ),
    "message.edited": ("O cliente editou a mensagem", "The customer edited the message"),
    "message.revoked": ("O cliente apagou a mensagem", "The customer deleted the message"),
    "message.skipped": ("Não foi enviada, por regra", "Not sent, by rule"),
    "message.expired": ("O prazo passou antes de sair", "Its time was over before it left"),
    "message.failed": ("Não pôde sair", "It could not leave"),
    "message.simulated": (
        "Modo de teste: tudo certo, nada foi enviado",
        "Dry run: all fine, nothing was sent",
    ),
    "message.cancelled": ("Cancelada antes de sair", "Cancelled before it left"),
    "message.dismissed": ("Alguém deu por encerrada", "Somebody closed it"),
    "message.resent": ("Enviada de novo como outra mensagem", "Sent again as another message"),
    "attempt.started": ("Tentativa de envio", "Send attempt"),
    "provider.accepted": ("O WhatsApp aceitou a mensagem", "WhatsApp accepted the message"),
    "provider.rejected": ("O WhatsApp recusou a mensagem", "WhatsApp refused the message"),
    "provider.later": ("O WhatsApp pediu para tentar depois", "WhatsApp asked to try later"),
    "provider.in_doubt": (
        "Ficou sem resposta: estamos verificando se saiu",
        "No answer: checking whether it left",
    ),
    "attempt.presumed_lost": (
        "Temos prova de que não saiu: vai de novo",
        "Proof that it did not leave: sent again",
    ),
    "message.needs_decision": (
        "Não dá para saber se saiu: alguém precisa decidir",
        "Nobody can tell: a person must decide",
    ),
    "message.expired_in_doubt": (
        "O prazo passou sem sabermos se saiu",
        "Its time is over and the outcome unknown",
    ),
    "decision.resend": ("Alguém decidiu reenviar", "Somebody decided to send it again"),
    "decision.abandon": ("Alguém decidiu não reenviar", "Somebody decided not to send it again"),
    "decision.wait": ("Alguém decidiu esperar mais", "Somebody decided to wait longer"),
    "incident.duplicate_detected": (
        "Saiu duas vezes: registramos o ocorrido",
        "It left twice: noted as an incident",
    ),
    "status.sent": ("Enviada", "Sent"),
    "status.delivered": ("Entregue no celular do cliente", "Delivered to the customer's phone"),
    "status.read": ("Lida pelo cliente", "Read by the customer"),
    "status.played": ("Áudio ouvido pelo cliente", "Audio played by the customer"),
    "status.failed": ("O WhatsApp não conseguiu entregar", "WhatsApp could not deliver"),
}


def sentence(kind: str, locale: str) -> str:
    """What happened, for a person; an unknown kind names itself."""
    words = _KINDS.get(kind)
    if words is None:
        return kind
    return words[1] if locale.startswith("en") else words[0]
