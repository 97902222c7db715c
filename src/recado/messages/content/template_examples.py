"""One realistic request for every way to fill a template."""

from __future__ import annotations

from typing import Any

from recado.messages.content.example_parts import (
    CATALOGUE,
    ORDER,
    PRODUCT_SECTIONS,
    Payload,
    to_marina,
)


def _template(name: str, *components: Payload, **more: Any) -> Payload:
    body: Payload = {"name": name, "language": {"code": "pt_BR"}}
    if components:
        body["components"] = list(components)
    return to_marina("template", body, **more)


def _texts(*values: str) -> Payload:
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


def _header(kind: str, value: Any) -> Payload:
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def _button(sub_type: str, index: int, *parameters: Payload) -> Payload:
    filled = {"parameters": list(parameters)} if parameters else {}
    return {"type": "button", "sub_type": sub_type, "index": str(index)} | filled


def _template_card(index: int, media_id: str, payload: str) -> Payload:
    return {
        "card_index": index,
        "components": [
            _header("image", {"id": media_id}),
            _button("quick_reply", 0, {"type": "payload", "payload": payload}),
        ],
    }


TEMPLATE_EXAMPLES: dict[str, Payload] = {
    "template": _template("boas_vindas"),
    "template_body": _template("lembrete_24h", _texts("Marina", "30/11", "10h")),
    "template_named": _template(
        "pedido_confirmado",
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "nome", "text": "Marina"},
                {"type": "text", "parameter_name": "pedido", "text": "1042"},
            ],
        },
    ),
    "template_header_text": _template("novidade", _header("text", "Novembro"), _texts("Marina")),
    "template_header_image": _template("vitrine", _header("image", {"id": "1355481335321249"})),
    "template_header_video": _template("tour", _header("video", {"id": "1355481335321250"})),
    "template_header_document": _template(
        "recibo",
        _header("document", {"id": "1010000000000062", "filename": "recibo.pdf"}),
        _texts("Marina"),
    ),
    "template_header_location": _template(
        "como_chegar",
        _header("location", {"latitude": -23.55, "longitude": -46.63, "name": "Estúdio Aurora"}),
    ),
    "template_header_product": _template(
        "de_volta",
        _header("product", {"product_retailer_id": "vela-aurora", "catalog_id": CATALOGUE}),
    ),
    "template_money_and_date": _template(
        "cobranca",
        {
            "type": "body",
            "parameters": [
                {
                    "type": "currency",
                    "currency": {
                        "fallback_value": "R$ 180,00",
                        "code": "BRL",
                        "amount_1000": 180_000,
                    },
                },
                {"type": "date_time", "date_time": {"fallback_value": "30 de novembro"}},
            ],
        },
    ),
    "template_quick_reply": _template(
        "confirmar_horario",
        _texts("Marina", "amanhã"),
        _button("quick_reply", 0, {"type": "payload", "payload": "agenda:4711:sim"}),
        _button("quick_reply", 1, {"type": "payload", "payload": "agenda:4711:nao"}),
    ),
    "template_url": _template("voucher", _button("url", 0, {"type": "text", "text": "v/Gon%C3%A7alves"})),
    "template_copy_code": _template(
        "cupom",
        _texts("20%"),
        _button("copy_code", 0, {"type": "coupon_code", "coupon_code": "AURORA20"}),
    ),
    "template_flow": _template(
        "ficha",
        _button("flow", 0, {"type": "action", "action": {"flow_token": "ficha-4711"}}),
    ),
    "template_catalog": _template("loja", _button("catalog", 0)),
    "template_mpm": _template(
        "selecao",
        _button(
            "mpm",
            0,
            {
                "type": "action",
                "action": {
                    "thumbnail_product_retailer_id": "vela-aurora",
                    "sections": PRODUCT_SECTIONS,
                },
            },
        ),
    ),
    "template_order_details": _template(
        "pagar",
        _button("order_details", 0, {"type": "action", "action": {"order_details": ORDER}}),
    ),
    "template_voice_call": _template(
        "fale_conosco", _button("voice_call", 0, {"type": "ttl_minutes", "ttl_minutes": 1440})
    ),
    "template_carousel": _template(
        "espacos",
        _texts("Marina"),
        {
            "type": "carousel",
            "cards": [
                _template_card(0, "1840340666816412", "sala:azul"),
                _template_card(1, "1840340666816413", "sala:verde"),
            ],
        },
    ),
    "template_limited_time_offer": _template(
        "oferta",
        _texts("Marina", "AURORA20"),
        {
            "type": "limited_time_offer",
            "parameters": [
                {
                    "type": "limited_time_offer",
                    "limited_time_offer": {"expiration_time_ms": 1_796_083_200_000},
                }
            ],
        },
        _button("copy_code", 0, {"type": "coupon_code", "coupon_code": "AURORA20"}),
    ),
    "template_tap_target": _template(
        "promocao",
        {
            "type": "tap_target_configuration",
            "parameters": [
                {
                    "type": "tap_target_configuration",
                    "tap_target_configuration": [
                        {"url": "https://www.example.com/loja", "title": "Loja do estúdio"}
                    ],
                }
            ],
        },
    ),
    "template_marketing": _template("novidade_do_mes", **{"class": "marketing"}),
}
