"""What the example requests share. The studio and its clients are invented."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]

MARINA = "+5520955500111"
RECEIVED = "wamid.HBgNNTUyMDk1NTUwMDExMRUCABIYFEVYRU1QTE8="
CATALOGUE = "700000000000001"


def to_marina(kind: str, body: Any, **more: Any) -> Payload:
    return {"to": MARINA, "type": kind, kind: body} | more


def _amount(cents: int) -> Payload:
    return {"value": cents, "offset": 100}


ORDER: Payload = {
    "reference_id": "pedido-1042",
    "type": "physical-goods",
    "currency": "BRL",
    "total_amount": _amount(18_000),
    "order": {
        "status": "pending",
        "subtotal": _amount(18_000),
        "tax": _amount(0),
        "items": [
            {
                "retailer_id": "vela-aurora",
                "name": "Vela Aurora",
                "amount": _amount(9_000),
                "quantity": 2,
            }
        ],
    },
}
PRODUCT_SECTIONS = [
    {
        "title": "Para o banho",
        "product_items": [
            {"product_retailer_id": "sabonete-lavanda"},
            {"product_retailer_id": "vela-aurora"},
        ],
    }
]
