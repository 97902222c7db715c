"""What the caller decides about the embedded PostgreSQL, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedConfig:
    """How to run PostgreSQL from a data directory.

    data_dir: the cluster. Its supervision files (locks, password, start log) are its siblings,
        so it must not be a mount point itself; mount the directory above it.
    port: TCP port on 127.0.0.1. None picks a free one and keeps it for later starts.
    die_with_parent: Linux, for tests: the server shuts down when the thread that started it ends.
    settings: PostgreSQL settings that win over recado's own (`ALTER SYSTEM` wins over both).
        Used by the process that really starts the server; an adopted server keeps its own.
    bin_dir: use these programs instead of looking for some.
    """

    data_dir: Path
    port: int | None = None
    die_with_parent: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    bin_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths derived from the data directory."""

    data_dir: Path

    @classmethod
    def of(cls, data_dir: Path) -> Layout:
        """Resolve links once: locks and the socket name must not depend on how it was spelled."""
        return cls(data_dir.resolve())

    def _sibling(self, suffix: str) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.{suffix}")

    @property
    def gate(self) -> Path:
        """Held exclusively while one process creates, starts, adopts or stops the server."""
        return self._sibling("lock")

    @property
    def users(self) -> Path:
        """Held shared by every process that uses the server; who can hold it alone is the last."""
        return self._sibling("users")

    @property
    def alive(self) -> Path:
        """Held by the PostgreSQL processes themselves, inherited from the process that started."""
        return self._sibling("alive")

    @property
    def password(self) -> Path:
        return self._sibling("password")

    @property
    def start_log(self) -> Path:
        """What PostgreSQL and initdb print before the server's own log takes over."""
        return self._sibling("start.log")

    @property
    def staging(self) -> Path:
        """initdb works here; only a complete cluster is renamed to the data directory."""
        return self._sibling("initdb")

    @property
    def conf(self) -> Path:
        return self.data_dir / "recado.conf"

    @property
    def pid_file(self) -> Path:
        return self.data_dir / "postmaster.pid"
