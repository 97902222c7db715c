"""What should become of messages, told once more in plain Python, and a provider that keeps the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from recado.messages.claim import Intent
from recado.messages.record import Finished

RANKS = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4}
PROOF_S, COOLDOWN_S, BEFORE_S, SOFT_S, SESSION_S = 30.0, 600.0, 5.0, 20.0, 60.0
LEASE_S = 30.0


@dataclass(slots=True, eq=False)
class Try:
    """One attempt. `took` is what only the provider knows; `word` what its worker has not told yet."""

    intent: Intent
    started: float
    state: str = "intent"
    on_wire: bool = True
    took: bool = False
    wamid: str = ""
    word: Finished | None = None
    told: Finished | None = None
    doubt_at: float = 0.0
    waited_from: float | None = None
    echo_at: float | None = None
    soft: bool = False
    no_id: bool = False
    # Knocked at a closed door: nobody knows when it comes again.
    withheld: bool = False
    answered: bool = False


@dataclass(slots=True, eq=False)
class Message:
    id: UUID
    kind: str
    person: str
    created: float
    expires: float
    out: int | None = 0
    state: str = "queued"
    rank: int = 0
    tries: list[Try] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    resends: int = 0
    # Until somebody lets a reply wait that was overtaken.
    ordered: bool = field(init=False)

    def __post_init__(self) -> None:
        self.ordered = self.kind == "session"

    @property
    def last(self) -> Try:
        return self.tries[-1]

    def set(self, state: str) -> None:
        """Below any evidence only."""
        if self.rank == 0:
            self.state = state

    # ------------------------------------------------------------------ a worker's word

    def accepted(self, one: Try) -> None:
        if not one.answered:
            one.answered = True
            one.state = "accepted"
        if self.rank < 1 and self.state not in {"failed", "skipped"}:
            self.state = "accepted"
        self.rank = max(self.rank, 1)
        self.out = None

    def _closes(self, one: Try, state: str) -> bool:
        if one.state not in {"intent", "in_doubt"}:
            return False
        one.state = state
        return True

    def refused(self, one: Try) -> None:
        if self._closes(one, "rejected"):
            if one is self.last and self.out in {1, 2, 3}:
                self.out = None
            self.set("rejected")

    def put_off(self, one: Try, state: str) -> None:
        """Not now, or the number's fault: back in line."""
        if self._closes(one, state) and one is self.last and self.out in {1, 2, 3}:
            self.out = 0

    def unknown(self, one: Try, at: float, *, soft: bool, no_id: bool) -> None:
        if not self._closes(one, "in_doubt"):
            return
        one.doubt_at, one.soft, one.no_id = at, soft, no_id
        if self.out == 1 and one is self.last:
            self.out = 2
            self.set("in_doubt")

    def rescued(self, at: float) -> None:
        self.out = 2
        if self.last.state == "intent":
            self.last.state, self.last.doubt_at = "in_doubt", at
        self.set("in_doubt")

    # ------------------------------------------------------------------ the provider's word

    def told(self, one: Try, word: str, at: float) -> None:
        fresh = (one.wamid, word) not in self.seen
        self.seen.add((one.wamid, word))
        if one.state != "accepted":
            one.state = "accepted"
            self.out = None
        if one.echo_at is None:
            one.echo_at = at
        if fresh:
            self._fold(word)

    def _fold(self, word: str) -> None:
        if word == "failed":
            if self.rank < RANKS["delivered"] and self.state not in {"failed", "cancelled", "discarded"}:
                self.state = "failed"
            return
        rank = RANKS[word]
        if rank <= self.rank:
            return
        if self.state == "failed" and rank < RANKS["delivered"]:
            self.rank = rank
        elif self.state != "cancelled":
            self.state, self.rank = word, rank

    # ------------------------------------------------------------------ people

    def decided(self, decision: str, at: float) -> None:
        match decision:
            case "resend":
                self.last.state = "presumed_lost"
                self.resends += 1
                self.out = 0
                self.set("queued")
            case "abandon":
                self.out = None
                self.set("discarded")
            case "wait" if self.out == 3:
                self.out, self.ordered = 2, False
                self.last.waited_from = at
                self.set("in_doubt")

    # ------------------------------------------------------------------ the resolver's rule

    def verdict(self, lane: list[Try], trusted_since: float | None, at: float) -> str:
        one = self.last
        if self.expires <= at:
            return "expire"
        window = self.window(lane)
        age = at - (one.waited_from if one.waited_from is not None else one.doubt_at)
        if one.no_id:
            return "ask" if age >= window else "wait"
        allowed = self.kind == "utility" or (self.kind == "session" and at - self.created <= SESSION_S)
        trusted = trusted_since is not None and one.started - BEFORE_S > trusted_since + COOLDOWN_S
        proven = any(
            other.started > one.doubt_at and other.echo_at is not None and other.echo_at <= at - PROOF_S
            for other in lane
        )
        if allowed and trusted and proven and age >= (SOFT_S if one.soft else window):
            return "resend"
        if age < window:
            return "wait"
        if not allowed or not trusted:
            return "ask"
        return "wait" if age < 2 * window else "ask"

    def window(self, lane: list[Try]) -> float:
        delays = [one.echo_at - one.started for one in lane if one.echo_at is not None]
        return max(120.0, 3 * max(delays, default=0.0), LEASE_S + 60.0)

    def edges(self, lane: list[Try], trusted_since: float | None) -> list[float]:
        """Instants at which the verdict changes."""
        one, window = self.last, self.window(lane)
        begin = one.waited_from if one.waited_from is not None else one.doubt_at
        found = [self.expires, self.created + SESSION_S]
        found += [begin + SOFT_S, begin + window, begin + 2 * window]
        found += [other.echo_at + PROOF_S for other in lane if other.echo_at is not None]
        return found

    def resolved(self, verdict: str) -> None:
        match verdict:
            case "resend":
                self.last.state = "presumed_lost"
                self.out = 0
                self.set("queued")
            case "ask":
                self.out = 3
                self.set("needs_decision")
            case "expire":
                self.out = None
                self.set("expired_in_doubt")
