"""The life of a message after Meta accepted it: sent, delivered, read, or failed."""

from __future__ import annotations

from recado_sim import envelope
from recado_sim.feed import Feed
from recado_sim.hooks import Hooks
from recado_sim.state import Event, Message, Person, World

# A phone that comes back online fetches what waited at once; reading takes its usual time.
FETCH_S = 0.05


class Statuses:
    """Moves messages along and tells the business about it."""

    def __init__(self, world: World, hooks: Hooks, feed: Feed) -> None:
        self.world = world
        self.hooks = hooks
        self.feed = feed

    def begin(self, message: Message) -> None:
        """Start the life of an accepted message. One that reaches nobody has none."""
        if message.person:
            self.world.timers.at(message.at + self.world.settings.sent_s, self._sent, message)

    def resume(self) -> None:
        """After a restart: what was on its way goes on."""
        for message in self.world.ledger:
            person = self.world.people.get(message.person)
            if person is None or message.held:
                continue
            if message.status == "accepted":
                self.begin(message)
            elif message.status == "sent" and message.type != "reaction":
                self._later(message, self.world.settings.delivered_s, self._deliver)
            elif message.status == "delivered" and self.world.settings.read_s is not None:
                self._later(message, self.world.settings.read_s, self._read)

    def _later(self, message: Message, after_s: float, action: object) -> None:
        assert callable(action)
        self.world.timers.at(message.at + after_s, action, message)

    def _sent(self, message: Message) -> None:
        settings = self.world.settings
        if message.fail is not None:
            self.mark(message, "failed", message.at + settings.sent_s)
            return
        self.mark(message, "sent", message.at + settings.sent_s)
        if message.type != "reaction":  # reactions are never reported as delivered or read
            self._later(message, max(settings.delivered_s, settings.sent_s), self._deliver)

    def _deliver(self, message: Message) -> None:
        person = self.world.people.get(message.person)
        if person is None or message.hidden:
            return
        if person.blocked:
            # Blocked after Meta accepted it: it stays at one tick for ever, and nobody is told why.
            message.hidden, message.held = True, ""
            self.world.changes += 1
            return
        if not person.online:
            message.held = "delivered"
            return
        settings = self.world.settings
        planned = message.at + max(settings.delivered_s, settings.sent_s)
        at = self.world.now() if message.held else planned
        message.held = ""
        person.unread += 1
        self.mark(message, "delivered", at)
        if settings.read_s is not None:
            reading = max(settings.read_s - settings.delivered_s, 0.0)
            self.world.timers.at(at + reading, self._read, message)

    def _read(self, message: Message) -> None:
        person = self.world.people.get(message.person)
        if person is None or message.status in ("read", "played"):
            return
        if not person.online:
            message.held = "read"
            return
        settings = self.world.settings
        planned = message.at + max(settings.read_s or 0.0, settings.delivered_s, settings.sent_s)
        at = self.world.now() if message.held else planned
        message.held = ""
        person.unread = max(0, person.unread - 1)
        if person.read_receipts:
            self.mark(message, "read", at)
        self.feed.tell("handset", {"phone": person.phone, "bsuid": person.bsuid})

    def played(self, message: Message) -> bool:
        """The first time somebody listens to a voice note (since 17 March 2026). Says whether it was one."""
        person = self.world.people.get(message.person)
        about = message.body.get("audio")
        voice = message.direction == "in" and isinstance(about, dict) and bool(about.get("voice"))
        if person is None or not voice or message.status not in ("delivered", "read", "played"):
            return False
        if person.read_receipts and message.status != "played":
            if message.status == "delivered":
                self.mark(message, "read", self.world.now())
            self.mark(message, "played", self.world.now())
        return True

    def mark(self, message: Message, status: str, at: float) -> None:
        """Set a status, remember it for `message_history`, and send the webhook."""
        message.status = status
        event = Event(id=self.world.ids.number(), status=status, at=at)
        message.events = [*message.events, event]
        self.world.changes += 1
        self.hooks.emit(envelope.status(self.world, message, event))
        self.feed.tell("status", {"wamid": message.wamid, "status": status, "phone": message.person})

    def back_online(self, person: Person) -> None:
        """Everything that waited for this phone arrives, oldest first."""
        now = self.world.now()
        for message in self.world.thread(person.key):
            if message.held == "delivered":
                self.world.timers.at(now + FETCH_S, self._deliver, message)
            elif message.held == "read":
                self.world.timers.at(now + FETCH_S, self._read, message)
