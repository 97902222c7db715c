"""What can keep the embedded PostgreSQL from running. Messages are for the person installing."""

from __future__ import annotations


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


class BinariesMissing(EmbeddedError):
    """No usable PostgreSQL programs on this machine."""


class ForeignDirectory(EmbeddedError):
    """The data directory holds something recado did not create. It is left untouched."""


class VersionMismatch(EmbeddedError):
    """The data directory belongs to another PostgreSQL major version."""


class StartFailed(EmbeddedError):
    """PostgreSQL ended instead of becoming ready; the message carries the end of its log."""


class StopFailed(EmbeddedError):
    """PostgreSQL is still there after fast and immediate shutdown requests."""
