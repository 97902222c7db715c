"""The same door, asked by the server itself: for the webhooks that come as they always do.

What a task, a scope and an application call cost for each request is more than storing it. Everything unusual (a large
body, chunks, `Expect`, a caller that wants to close) takes the usual way through `MetaHook`; both answer alike.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from recado.errors import NotReady
from recado.kit.failpoints import reached
from recado.providers.contract import Receiver
from recado.web.direct import Answer
from recado.web.hooks.receive import ALIASES, OK, PREFIX, HookConfig, HookMeter, Submit, head_for, knock

_log = structlog.get_logger("recado.hooks")


class MetaKnocks:
    """Implements `Knocks`. Answers once the body is committed, or says at once why it is not taken."""

    header = b"x-hub-signature-256"

    def __init__(
        self,
        config: HookConfig,
        receiver: Receiver,
        submit: Submit,
        meter: HookMeter,
        full: Callable[[], bool],
    ) -> None:
        self._secrets: Final[Sequence[bytes]] = config.secrets
        self._receiver = receiver
        self._submit = submit
        self._meter = meter
        self._full = full
        paths = (PREFIX + config.token, *ALIASES)
        self._targets: Final = tuple(path.encode() for path in paths) if config.secrets else ()

    def hears(self, target: bytes) -> bool:
        # One of them holds a secret: how much of it fits must not show in the time.
        return any([hmac.compare_digest(target, one) for one in self._targets])

    def gave_up(self, header: bytes | None) -> None:
        status = knock(499, _text(header))
        self._meter.answered(abs(status), knocked=status > 0)

    def take(self, body: bytes, header: bytes | None, answer: Answer) -> None:
        try:
            self._take(body, header, answer)
        except Exception as error:  # nothing was promised, the provider comes again
            self._failed(error, answer)

    def _take(self, body: bytes, header: bytes | None, answer: Answer) -> None:
        if self._full():
            said = b"no room"
            answer(503, head_for(said, (b"retry-after", b"30")), said)
            self._meter.answered(503, knocked=True)
            return
        reached("hook.received")
        signature = _text(header)
        if not self._receiver.verify(body, signature, self._secrets):
            said = b"bad signature"
            answer(401, head_for(said), said)
            self._meter.answered(401, knocked=knock(401, signature) > 0)
            return
        reached("hook.verified")

        def tell(error: Exception | None) -> None:
            if error is not None:
                self._failed(error, answer)
                return
            reached("hook.before_answer")
            answer(200, OK, b"ok")
            self._meter.answered(200, knocked=True)

        self._submit(body, tell)

    def _failed(self, error: Exception, answer: Answer) -> None:
        _log.warning("hook.not_stored", error=type(error).__name__)
        retry = error.retry_after_s if isinstance(error, NotReady) else None
        said = b"not stored"
        answer(503, head_for(said, (b"retry-after", b"%d" % (retry or 5))), said)
        self._meter.answered(503, knocked=True)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
