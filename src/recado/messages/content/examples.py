"""One realistic request for every kind of message."""

from __future__ import annotations

from typing import Any

from recado.messages.content.example_parts import (
    CATALOGUE,
    ORDER,
    PRODUCT_SECTIONS,
    RECEIVED,
    Payload,
    to_marina,
)
from recado.messages.content.template_examples import TEMPLATE_EXAMPLES


def _interactive(kind: str, text: str, action: Payload, **more: Any) -> Payload:
    body = {"type": kind, "body": {"text": text}, "action": action} | more
    return to_marina("interactive", body)


def _link_card(index: int, picture: str, text: str) -> Payload:
    return {
        "card_index": index,
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": f"https://www.example.com/{picture}"}},
        "body": {"text": text},
        "action": {
            "name": "cta_url",
            "parameters": {"display_text": "Ver", "url": f"https://www.example.com/{index}"},
        },
    }


_FREE: dict[str, Payload] = {
    "text": to_marina("text", {"body": "Oi, Marina! Seu horário de amanhã está confirmado."}),
    "text_with_preview": to_marina(
        "text",
        {"preview_url": True, "body": "Veja como chegar: https://www.example.com/estudio-aurora"},
        context={"message_id": RECEIVED},
        client_reference="agenda-4711",
    ),
    "text_to_bsuid": {
        "recipient": "BR.13491208655302741918",
        "type": "text",
        "text": {"body": "Oi! Aqui é do Estúdio Aurora. Pode falar agora?"},
    },
    "text_scheduled": to_marina(
        "text",
        {"body": "Bom dia, Marina! Até daqui a pouco."},
        scheduled_at="2026-11-24T08:00:00-03:00",
        expires_at="2026-11-24T09:00:00-03:00",
        priority="high",
    ),
    "image": to_marina("image", {"id": "1109753157675471", "caption": "A sala já está pronta."}),
    "video": to_marina("video", {"link": "https://www.example.com/tour.mp4", "caption": "Tour"}),
    "audio": to_marina("audio", {"id": "med_4kq7w2hz9xbt", "voice": True}),
    "document": to_marina(
        "document",
        {
            "link": "https://www.example.com/recibo.pdf",
            "filename": "recibo.pdf",
            "caption": "Seu recibo",
        },
    ),
    "sticker": to_marina("sticker", {"id": "102315892254919"}),
    "location": to_marina(
        "location",
        {
            "latitude": -23.5505,
            "longitude": -46.6333,
            "name": "Estúdio Aurora",
            "address": "Rua das Acácias, 120",
        },
    ),
    "contacts": to_marina(
        "contacts",
        [
            {
                "name": {"formatted_name": "Recepção Estúdio Aurora", "first_name": "Recepção"},
                "phones": [{"phone": "+5520955500100", "type": "WORK", "wa_id": "5520955500100"}],
                "emails": [{"email": "recepcao@example.com", "type": "WORK"}],
                "org": {"company": "Estúdio Aurora"},
            }
        ],
    ),
    "reaction": to_marina("reaction", {"message_id": RECEIVED, "emoji": "👍"}),
    "reaction_removed": to_marina("reaction", {"message_id": RECEIVED, "emoji": ""}),
}

_INTERACTIVE: dict[str, Payload] = {
    "interactive_button": _interactive(
        "button",
        "Marina, seu horário é amanhã às 10h. Você vem?",
        {
            "buttons": [
                {"type": "reply", "reply": {"id": "agenda:4711:sim", "title": "Confirmar"}},
                {"type": "reply", "reply": {"id": "agenda:4711:nao", "title": "Cancelar"}},
                {"type": "reply", "reply": {"id": "agenda:4711:mudar", "title": "Remarcar"}},
            ]
        },
        header={"type": "text", "text": "Lembrete"},
        footer={"text": "Estúdio Aurora"},
    ),
    "interactive_list": _interactive(
        "list",
        "Qual horário fica melhor para você?",
        {
            "button": "Ver horários",
            "sections": [
                {
                    "title": "Manhã",
                    "rows": [
                        {"id": "h:09", "title": "9h", "description": "Com Helena"},
                        {"id": "h:10", "title": "10h", "description": "Com Otávio"},
                    ],
                },
                {"title": "Tarde", "rows": [{"id": "h:15", "title": "15h"}]},
            ],
        },
    ),
    "interactive_cta_url": _interactive(
        "cta_url",
        "Seu comprovante está pronto.",
        {
            "name": "cta_url",
            "parameters": {"display_text": "Abrir", "url": "https://www.example.com/voucher/abc"},
        },
    ),
    "interactive_flow": _interactive(
        "flow",
        "Conte um pouco sobre você antes da primeira visita.",
        {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": "700000000000071",
                "flow_cta": "Começar",
                "flow_token": "ficha-4711",
                "flow_action": "navigate",
                "flow_action_payload": {"screen": "INICIO", "data": {"nome": "Marina"}},
            },
        },
    ),
    "interactive_location_request": _interactive(
        "location_request_message",
        "Onde devemos buscar a encomenda?",
        {"name": "send_location"},
    ),
    "interactive_request_contact_info": {
        "recipient": "BR.13491208655302741918",
        "type": "interactive",
        "interactive": {
            "type": "request_contact_info",
            "body": {"text": "Pode nos passar seu telefone para confirmar o horário?"},
            "action": {"name": "request_contact_info"},
        },
    },
    "interactive_address_message": _interactive(
        "address_message",
        "Para onde enviamos?",
        {"name": "address_message", "parameters": {"country": "IN"}},
    ),
    "interactive_product": _interactive(
        "product",
        "A vela que você pediu voltou.",
        {"catalog_id": CATALOGUE, "product_retailer_id": "vela-aurora"},
    ),
    "interactive_product_list": _interactive(
        "product_list",
        "Separamos alguns produtos para você.",
        {"catalog_id": CATALOGUE, "sections": PRODUCT_SECTIONS},
        header={"type": "text", "text": "Loja do estúdio"},
    ),
    "interactive_catalog_message": _interactive(
        "catalog_message",
        "Conheça a loja do Estúdio Aurora.",
        {
            "name": "catalog_message",
            "parameters": {"thumbnail_product_retailer_id": "vela-aurora"},
        },
    ),
    "interactive_carousel": _interactive(
        "carousel",
        "Nossos espaços:",
        {
            "cards": [
                _link_card(0, "sala-azul.jpg", "Sala azul"),
                _link_card(1, "sala-verde.jpg", "Sala verde"),
            ]
        },
    ),
    "interactive_call_permission_request": _interactive(
        "call_permission_request",
        "Podemos ligar para você?",
        {"name": "call_permission_request"},
    ),
    "interactive_voice_call": _interactive(
        "voice_call",
        "Prefere conversar por voz?",
        {"name": "voice_call", "parameters": {"display_text": "Ligar", "ttl_minutes": 100}},
    ),
    "interactive_order_details": _interactive(
        "order_details",
        "Confira seu pedido.",
        {"name": "review_and_pay", "parameters": ORDER},
    ),
    "interactive_order_status": _interactive(
        "order_status",
        "Seu pedido saiu para entrega.",
        {
            "name": "review_order",
            "parameters": {"reference_id": "pedido-1042", "order": {"status": "shipped"}},
        },
    ),
}

EXAMPLES: dict[str, Payload] = _FREE | _INTERACTIVE | TEMPLATE_EXAMPLES
