"""The provider, and the way of its webhooks back to our door. It keeps the truth about what it took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.simulation.faults import Weather
from tests.simulation.plan import SLOWEST_ECHO_S

from recado.kit.reasons import Reason
from recado.messages.claim import Intent
from recado.providers.contract import Accepted, Blame, Exchange, Later, Rejected, Scope, SendOutcome, Unknown

HTTP_BUDGET_S = 12.0
SOFT_ECHO_S = 15.0
Deliver = Callable[[UUID, str, str], None]


@dataclass(slots=True)
class Provider:
    weather: Weather
    deliver: Deliver
    took: Callable[[UUID], None]
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    tokens: dict[UUID, str] = field(default_factory=dict)

    async def answer(self, intent: Intent) -> SendOutcome:
        """The request is written completely when this begins. A worker that dies now changes nothing here."""
        weather = self.weather
        if weather.hits("provider unreachable"):
            return Later(
                code=None,
                reason=Reason.PROVIDER_UNREACHABLE,
                detail="",
                scope=Scope.MESSAGE,
                retry_after_s=None,
                slow_down=False,
                exchange=None,
            )
        if weather.hits("requests lost"):
            await asyncio.sleep(HTTP_BUDGET_S)
            return _unknown()
        if (refusal := self._refusal()) is not None:
            await asyncio.sleep(weather.between(0.05, 2))
            return refusal
        if weather.hits("provider answers 5xx"):
            if weather.chance(0.5):
                self._take(intent, SOFT_ECHO_S)
            await asyncio.sleep(weather.between(0.05, 2))
            return Unknown(reason=Reason.PROVIDER_FAULT, detail="", soft=True, exchange=_exchange(500))
        return await self._accept(intent)

    async def _accept(self, intent: Intent) -> SendOutcome:
        weather = self.weather
        self._take(intent, SLOWEST_ECHO_S if weather.hits("echoes slow") else 5.0)
        if weather.hits("answers lost"):
            await asyncio.sleep(HTTP_BUDGET_S)
            return _unknown()
        await asyncio.sleep(weather.between(0.05, 3))
        if weather.chance(0.002):
            return Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail="", no_id=True, exchange=_exchange(200))
        wamid = self.tokens[intent.token]
        return Accepted(wamid=wamid, message_status=None, wa_id=None, user_id=None, exchange=_exchange(200))

    def _refusal(self) -> SendOutcome | None:
        weather = self.weather
        if weather.hits("token broken"):
            return _rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, 190)
        if weather.hits("provider says later"):
            scope = weather.pick([Scope.MESSAGE, Scope.PAIR, Scope.NUMBER])
            return Later(
                code=130429,
                reason=Reason.THROUGHPUT,
                detail="",
                scope=scope,
                retry_after_s=weather.pick([None, None, 30.0]),
                slow_down=scope is Scope.NUMBER,
                exchange=_exchange(429),
            )
        if weather.chance(0.01):
            return _rejected(Reason.UNDELIVERABLE, Blame.MESSAGE, 131026)
        return None

    # ------------------------------------------------------------------ webhooks

    def _take(self, intent: Intent, echo_within_s: float) -> None:
        self.tokens[intent.token] = f"wamid.{len(self.tokens)}"
        self.took(intent.row.due.message_id)
        first = self.weather.between(0.05, echo_within_s)
        words = ["failed"] if self.weather.chance(0.02) else ["delivered", "read"]
        self._later(first, intent.token, "sent")
        for word in words:
            if self.weather.chance(0.9):
                # Words overtake each other and come twice.
                self._later(self.weather.between(0.05, 600), intent.token, word)
            if self.weather.chance(0.1):
                self._later(self.weather.between(0.05, 7200), intent.token, word)

    def _later(self, delay: float, token: UUID, word: str) -> None:
        self.spawn(self._knock(delay, token, word))

    async def _knock(self, delay: float, token: UUID, word: str) -> None:
        """Again with growing pauses while our door does not answer 200."""
        await asyncio.sleep(delay)
        pause = 30.0
        while self.weather.door_away():
            await asyncio.sleep(pause * self.weather.between(0.8, 1.2))
            pause = min(pause * 2, 6 * 3600.0)
        self.deliver(token, self.tokens[token], word)


def _exchange(status: int) -> Exchange:
    return Exchange(http_status=status, answer=b"{}", elapsed_s=0.1)


def _unknown() -> Unknown:
    return Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail="", exchange=None)


def _rejected(reason: Reason, blame: Blame, code: int) -> Rejected:
    return Rejected(code=code, reason=reason, detail="", blame=blame, skip=False, exchange=_exchange(400))
