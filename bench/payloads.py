"""Signed webhooks and send requests as they travel, invented but of the usual size and shape."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

WABA_ID = "102000000000042"
PHONE_NUMBER_ID = "106000000000042"
APP_SECRET = "bench-only-app-secret"

_STATUS = (
    '{"id":"%s","status":"%s","timestamp":"%d","recipient_id":"%s","recipient_user_id":"BR.%s",'
    '"biz_opaque_callback_data":"%s","conversation":{"id":"0123456789abcdef0123456789abcdef",'
    '"expiration_timestamp":"1795478400","origin":{"type":"utility"}},"pricing":{"billable":true,'
    '"pricing_model":"PMP","category":"utility","type":"regular"}}'
)
_ENVELOPE = (
    '{"object":"whatsapp_business_account","entry":[{"id":"' + WABA_ID + '","changes":[{"value":'
    '{"messaging_product":"whatsapp","metadata":{"display_phone_number":"16505550142",'
    '"phone_number_id":"' + PHONE_NUMBER_ID + '"},"contacts":[{"wa_id":"%s","user_id":"BR.%s",'
    '"profile":{"name":"Marina Azevedo","username":"marina.azevedo"}}],"statuses":[%s]},'
    '"field":"messages"}]}]}'
)
_KEYED = hmac.new(APP_SECRET.encode(), digestmod=hashlib.sha256)


def sign(body: bytes) -> str:
    keyed = _KEYED.copy()
    keyed.update(body)
    return keyed.hexdigest()


def phone(n: int) -> str:
    """The n-th invented person's number, digits only: area code 20 exists nowhere in Brazil."""
    return f"55209{n % 100_000_000:08d}"


# A company mostly writes to people it knows; one recipient in ten is met for the first time.
KNOWN_PEOPLE = 20_000
NEW_EVERY = 10


def recipient(n: int) -> str:
    """Whom the n-th message goes to."""
    return phone(50_000_000 + n) if n % NEW_EVERY == 0 else phone(n % KNOWN_PEOPLE)


def wamid(run: str, n: int) -> str:
    return f"wamid.HBgNNTUyMDk1NTUwMDExMRUCABEYEj{run:0>8}{n:012d}AA=="


def status_item(message_id: str, status: str, to: str, opaque: str, at: int) -> str:
    return _STATUS % (message_id, status, at, to, to, opaque)


def status_body(message_id: str, status: str, to: str, opaque: str, at: int) -> bytes:
    item = status_item(message_id, status, to, opaque, at)
    return (_ENVELOPE % (to, to, item)).encode()


def batch_body(items: list[str]) -> bytes:
    """Many statuses in one webhook, as Meta sends them after a pause."""
    return (_ENVELOPE % (phone(1), phone(1), ",".join(items))).encode()


def hook_request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"User-Agent: facebookexternalua\r\nX-Hub-Signature-256: sha256={sign(body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def unique_statuses(path: str, count: int, *, run: str, at: int) -> list[bytes]:
    """Requests with one status each about messages nobody knows; every body is another one."""
    opaque = "7f3a9c00000000000000000000000000000000000000000000000000000000"
    words = ("sent", "delivered", "read")
    return [
        hook_request(path, status_body(wamid(run, n // 3), words[n % 3], phone(n // 3), opaque, at))
        for n in range(count)
    ]


def template_body(to: str, reference: str) -> bytes:
    """A reminder with three variables and a quick reply."""
    body: dict[str, Any] = {
        "to": f"+{to}",
        "client_reference": reference,
        "template": {
            "name": "lembrete_consulta",
            "language": {"code": "pt_BR"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Marina"},
                        {"type": "text", "text": "30/11 às 14:30"},
                        {"type": "text", "text": "Estúdio Aurora"},
                    ],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "confirmar"}],
                },
            ],
        },
    }
    return json.dumps(body, ensure_ascii=False).encode()
