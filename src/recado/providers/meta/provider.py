"""Puts Meta's roles together into one `Provider`."""

from __future__ import annotations

from collections.abc import Sequence
from ssl import SSLContext
from typing import Final

from recado.providers.contract import Capabilities, Provider, ProviderEvent, Unparseable
from recado.providers.meta.catalogue import MetaCatalogue
from recado.providers.meta.client import MetaSender
from recado.providers.meta.history import MetaHistory
from recado.providers.meta.http import Budget, GraphHttp
from recado.providers.meta.lines import Probe
from recado.providers.meta.media import MetaMedia
from recado.providers.meta.parse import parse
from recado.providers.meta.payload import encode_message
from recado.providers.meta.signature import verify_webhook

CAPABILITIES: Final = Capabilities(
    kinds=frozenset(
        {
            "text",
            "image",
            "audio",
            "video",
            "document",
            "sticker",
            "location",
            "contacts",
            "reaction",
            "interactive",
            "template",
        }
    ),
    echoes_token=True,
    templates=True,
    typing=True,
    media_upload=True,
    bsuid=True,
    signed_webhooks=True,
)


class MetaReceiver:
    """The `Receiver` of Meta's webhooks."""

    def verify(self, body: bytes, signature: str | None, secrets: Sequence[bytes]) -> bool:
        return verify_webhook(body, signature, secrets)

    def parse(self, body: bytes) -> list[ProviderEvent] | Unparseable:
        return parse(body)


def build(
    base_url: str,
    version: str,
    *,
    connect_s: float = 3.0,
    read_s: float = 12.0,
    limit: int = 256,
    media_hosts: frozenset[str] = frozenset(),
    ssl: SSLContext | None = None,
    probe: Probe | None = None,
    history: bool = False,
) -> Provider:
    """The Cloud API at `base_url` (`https://graph.facebook.com`) and `version` (`v25.0`).

    `limit` bounds concurrent connections. `probe` is only for crash tests: it slows every send.
    Raises ValueError for an address that is neither https nor loopback. Closing the sender closes
    the media store too, they share one connection pool.
    """
    http = GraphHttp(
        base_url,
        version,
        budget=Budget(connect_s=connect_s, read_s=read_s, total_s=connect_s + read_s),
        limit=limit,
        ssl=ssl,
        probe=probe,
    )
    return Provider(
        name="meta",
        capabilities=CAPABILITIES,
        sender=MetaSender(http),
        receiver=MetaReceiver(),
        media=MetaMedia(http, media_hosts),
        history=MetaHistory(http) if history else None,
        catalogue=MetaCatalogue(http),
        written=encode_message,
    )
