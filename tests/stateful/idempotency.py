"""Idempotency keys: same and different bodies, side by side, in one batch, through crashes."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.slices.world import TEMPLATE
from tests.stateful.machine import Machine

from recado.kit.ids import MessageId
from recado.messages.accept import Acceptance, KeyReused, Replayed, Request, Taken, accept_many

asked = st.tuples(st.sampled_from(["k1", "k2", "k3", None]), st.sampled_from(["a", "b"]))


class IdempotencyMachine(Machine):
    def prepare(self) -> None:
        self.aurora = self.do(self.world.company())
        self.kept: dict[str, tuple[bytes, MessageId]] = {}
        self.messages: set[MessageId] = set()

    def _request(self, one: tuple[str | None, str]) -> Request:
        key, body = one
        return self.world.request(self.aurora, key=key, client_reference=body, **TEMPLATE)

    @rule(batch=st.lists(asked, min_size=1, max_size=4))
    def accept(self, batch: list[tuple[str | None, str]]) -> None:
        requests = [self._request(one) for one in batch]
        verdicts = self.do(self.world.accept(self.aurora, *requests))
        for request, verdict in zip(requests, verdicts, strict=True):
            self._judge(request, verdict)

    @rule(batches=st.lists(st.lists(asked, min_size=1, max_size=3), min_size=2, max_size=4))
    def accept_side_by_side(self, batches: list[list[tuple[str | None, str]]]) -> None:
        """Who wins is open; that exactly one wins, and what the others hear, is not."""
        groups = [[self._request(one) for one in batch] for batch in batches]
        answers = self.do(self._together(groups))
        told = [
            pair
            for group, verdicts in zip(groups, answers, strict=True)
            for pair in zip(group, verdicts, strict=True)
        ]
        for request, verdict in sorted(told, key=lambda pair: not isinstance(pair[1], Taken)):
            self._judge(request, verdict)

    async def _together(self, groups: list[list[Request]]) -> list[list[Acceptance]]:
        return await asyncio.gather(*(self.world.accept(self.aurora, *group) for group in groups))

    @rule(batch=st.lists(asked, min_size=1, max_size=4))
    def accept_and_crash(self, batch: list[tuple[str | None, str]]) -> None:
        requests = [self._request(one) for one in batch]
        tenant_id = self.aurora.tenant.tenant_id
        self.rig.crash(self.world, lambda tx: accept_many(tx, self.world.now, tenant_id, requests))

    def _judge(self, request: Request, verdict: Acceptance) -> None:
        key = request.idempotency_key
        known = self.kept.get(key) if key else None
        if known is None:
            assert isinstance(verdict, Taken), verdict
            assert verdict.answer["id"] == str(request.id)
            self.messages.add(request.id)
            if key:
                self.kept[key] = (request.request_hash, request.id)
        elif known[0] == request.request_hash:
            assert isinstance(verdict, Replayed), verdict
            assert verdict.answer["id"] == str(known[1]), "the stored answer changed"
        else:
            assert isinstance(verdict, KeyReused), verdict

    def check(self) -> None:
        rows: list[dict[str, Any]] = self.do(
            self.world.rows(
                """select m.id, count(o.message_id) as waiting,
                    (select count(*) from event e where e.message_id = m.id) as told
                   from message m left join outbox o on o.message_id = m.id group by m.id"""
            )
        )
        assert {row["id"] for row in rows} == self.messages
        assert all((row["waiting"], row["told"]) == (1, 1) for row in rows)
        keys = self.do(self.world.rows("select key, message_id from idempotency"))
        assert {row["key"]: row["message_id"] for row in keys} == {
            key: message_id for key, (_, message_id) in self.kept.items()
        }
