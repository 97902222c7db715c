"""Prometheus metrics with bounded labels: outcomes and loops, never tenants, phones or ids."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from recado.inbound.effects import Applied
from recado.worker.ports import SendMeter

_OUTCOMES = frozenset({"accepted", "rejected", "later", "unknown"})


class Metrics(SendMeter):
    """One for each process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        make = self.registry
        self._hooks = Counter(
            "recado_hooks_answered", "Webhook requests by answer", ["status"], registry=make
        )
        # Looking a child up by its label costs more than counting.
        self._answers: dict[int, Counter] = {}
        self._claimed = Counter("recado_messages_claimed", "Intents committed", registry=make)
        self._sends = Counter("recado_sends", "Sends by outcome", ["outcome"], registry=make)
        self._send_time = Histogram(
            "recado_send_seconds",
            "Provider answer time",
            registry=make,
            buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15),
        )
        self._rescued = Counter("recado_attempts_in_doubt", "Attempts whose worker vanished", registry=make)
        self._doubts = Counter("recado_doubts", "Doubts by verdict", ["verdict"], registry=make)
        self._events = Counter("recado_events_projected", "Events by result", ["result"], registry=make)
        self._bodies = Counter("recado_bodies_projected", "Webhook bodies projected", registry=make)
        self._buried = Counter("recado_bodies_dead", "Webhook bodies given up", registry=make)
        self._beats = Gauge("recado_loop_last_seconds", "Last turn of each loop", ["loop"], registry=make)
        self._gauges = {
            name: Gauge(f"recado_{name}", text, registry=make)
            for name, text in (
                ("outbox_waiting", "Messages waiting to leave (counted up to 10000)"),
                ("outbox_in_doubt", "Messages whose fate is unknown"),
                ("ledger_waiting", "Webhook bodies not yet projected (counted up to 10000)"),
                ("ledger_lag_seconds", "Age of the oldest webhook body waiting"),
                ("ledger_dead", "Dead letters"),
                ("alerts_open", "Matters somebody has to be told (counted up to 1000)"),
                ("lanes_paused", "Sending numbers that are paused"),
            )
        }

    # hook door
    def answered(self, status: int) -> None:
        child = self._answers.get(status)
        if child is None:
            child = self._answers[status] = self._hooks.labels(str(status))
        child.inc()

    # worker
    def claimed(self, count: int) -> None:
        self._claimed.inc(count)

    def finished(self, outcome: str, elapsed_s: float) -> None:
        self._sends.labels(outcome if outcome in _OUTCOMES else "other").inc()
        self._send_time.observe(elapsed_s)

    def rescued(self, count: int) -> None:
        self._rescued.inc(count)

    def resolved(self, resent: int, asked: int, expired: int) -> None:
        for verdict, count in (("resent", resent), ("asked", asked), ("expired", expired)):
            if count:
                self._doubts.labels(verdict).inc(count)

    def beat(self, loop: str) -> None:
        self._beats.labels(loop).set(time.time())

    # projector
    def projected(self, applied: Applied, bodies: int) -> None:
        self._bodies.inc(bodies)
        for result in ("effects", "repeated", "foreign", "orphans", "unhandled"):
            if count := getattr(applied, result):
                self._events.labels(result).inc(count)

    def buried(self) -> None:
        self._buried.inc()

    def gauge(self, name: str, value: float) -> None:
        self._gauges[name].set(value)

    def render(self) -> bytes:
        return generate_latest(self.registry)
