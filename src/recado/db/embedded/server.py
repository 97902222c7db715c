"""Start, adopt and stop the embedded PostgreSQL.

Any number of recado processes share one data directory. Whoever comes first starts the server, the
others adopt it, and the last one to leave stops it. All bookkeeping is file locks, so a process
killed with -9 drops out by itself; a server it leaves behind is adopted by the next start.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote, urlencode

from recado.db.embedded import address, boot, cluster, locks, observe
from recado.db.embedded.config import EmbeddedConfig, Layout
from recado.db.embedded.errors import EmbeddedError, StopFailed
from recado.db.embedded.locks import OnWait, Patience

StopMode = Literal["smart", "fast", "immediate"]
SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
ORDER: tuple[StopMode, ...] = ("smart", "fast", "immediate")
FAST_TIMEOUT_S = 30.0
IMMEDIATE_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The server is down. mode: how it went; "gone" when it was already down."""

    mode: StopMode | Literal["gone"]


@dataclass(frozen=True, slots=True)
class StillInUse:
    """We left; other processes go on using the server."""


Departure = Stopped | StillInUse


class Running:
    """One process's hold on a running server. Made by `start`."""

    host = address.LOOPBACK
    superuser = cluster.SUPERUSER

    def __init__(self, config: EmbeddedConfig, layout: Layout, users: int, up: boot.Up) -> None:
        self._config = config
        self._layout = layout
        self._users: int | None = users
        self._up = up

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        return self._up.pid

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1."""
        return self._up.port

    @property
    def socket_dir(self) -> Path | None:
        """Directory of the Unix socket; None when there is only TCP."""
        return self._up.socket_dir

    @property
    def adopted(self) -> bool:
        """True when the server was already running."""
        return self._up.process is None

    @property
    def password(self) -> str:
        """Password of the superuser."""
        return self._layout.password.read_text(encoding="utf-8").strip()

    def dsn(
        self,
        role: str | None = None,
        password: str | None = None,
        database: str = "postgres",
        *,
        tcp: bool = False,
    ) -> str:
        """A connection URL, by Unix socket unless there is none or tcp is asked for.

        Without a role it is the superuser's.
        """
        if role is None:
            role, password = self.superuser, self.password
        who = quote(role, safe="") + ("" if password is None else ":" + quote(password, safe=""))
        name = quote(database, safe="")
        if tcp or self.socket_dir is None:
            # The wheel is built without OpenSSL: do not spend a round trip on asking for it.
            return f"postgresql://{who}@{self.host}:{self.port}/{name}?sslmode=disable"
        where = urlencode({"host": str(self.socket_dir), "port": self.port}, quote_via=quote)
        return f"postgresql://{who}@/{name}?{where}"

    def alive(self) -> bool:
        """Whether the server process still runs (not whether it can be reached)."""
        self._reap()
        return observe.serves(self.pid, self._layout.data_dir)

    def ensure(self, on_wait: OnWait | None = None) -> bool:
        """Bring the server back if it died (same port when that is still free).

        True when it had to be started or found again. Raises EmbeddedError as `start` does.
        """
        self._holding()
        if self.alive():
            return False
        with locks.held(self._layout.gate, on_wait):
            self._up = boot.bring_up(self._config, self._layout, on_wait)
        return True

    def stop(
        self,
        mode: StopMode = "fast",
        *,
        force: bool = False,
        timeout_s: float = FAST_TIMEOUT_S,
    ) -> Departure:
        """Leave; the last one to leave stops the server. A second call does nothing.

        force stops it even while other processes use it. When the server does not go within
        timeout_s the next harder mode is tried; after "immediate" the next start recovers from
        the write-ahead log.
        Raises StopFailed when even that does not help.
        """
        if self._users is None:
            return StillInUse() if self.alive() else Stopped(mode="gone")
        with locks.held(self._layout.gate):
            users, self._users = self._users, None
            try:
                if not locks.try_exclusive(users) and not force:
                    return StillInUse()
                return self._shut_down(mode, timeout_s)
            finally:
                os.close(users)

    def release(self) -> None:
        """Leave and let the server run even if nobody else uses it; the next start adopts it."""
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _holding(self) -> None:
        if self._users is None:
            raise RuntimeError("this hold on the server was given back")

    def _shut_down(self, mode: StopMode, timeout_s: float) -> Stopped:
        if not self.alive() and (now := boot.serving(self._layout)) is not None:
            self._up = now  # another process of ours has brought it back since
        if not boot.is_alive(self._layout, self.pid):
            self._reap()
            address.drop_socket_dir(self._layout, self.socket_dir)
            return Stopped(mode="gone")
        for step in ORDER[ORDER.index(mode) :]:
            if self._signalled(step, IMMEDIATE_TIMEOUT_S if step == "immediate" else timeout_s):
                address.drop_socket_dir(self._layout, self.socket_dir)
                return Stopped(mode=step)
        raise StopFailed(f"PostgreSQL (process {self.pid}) does not stop; see {self._log()}")

    def _signalled(self, mode: StopMode, patience_s: float) -> bool:
        if self.alive():  # else only its orphaned children are left, and they end by themselves
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, SIGNALS[mode])
        patience = Patience()
        while patience.elapsed_s < patience_s:
            self._reap()
            if not boot.is_alive(self._layout, self.pid):
                return True
            patience.pause()
        return False

    def _reap(self) -> None:
        if self._up.process is not None:
            self._up.process.poll()

    def _log(self) -> Path:
        return self._layout.data_dir / "log"


def start(config: EmbeddedConfig, *, on_wait: OnWait | None = None) -> Running:
    """Create, start or adopt the server of a data directory; returns when it takes connections.

    Blocks (0.1 s warm, about 1 s the first time, longer after a crash: recovery is waited for as
    long as the server lives). on_wait is told about once a second how many seconds that took.
    From asyncio use `asyncio.to_thread(start, config)`, but not with die_with_parent.

    Raises EmbeddedError with a message for the person installing.
    """
    _check(config)
    layout = Layout.of(config.data_dir)
    try:
        layout.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with locks.held(layout.gate, on_wait):
            up = boot.bring_up(config, layout, on_wait)
            users = locks.open_lock(layout.users)
            locks.take_shared(users)
    except PermissionError as error:
        raise EmbeddedError(
            f"No permission for {error.filename}: the database in {layout.data_dir} belongs to "
            "another user. Run recado as that user, or choose another directory."
        ) from error
    return Running(config, layout, users, up)


def _check(config: EmbeddedConfig) -> None:
    if config.die_with_parent and threading.current_thread() is not threading.main_thread():
        # The kernel ties the wish to the thread that forked, not to the process.
        raise RuntimeError("die_with_parent needs the main thread")
