"""The embedded PostgreSQL: one server per data directory, shared by recado's processes.

Owns the data directory and its siblings `<name>.lock .users .alive .password .start.log`.
"""

import sys

if sys.platform == "win32":
    raise ImportError("The embedded PostgreSQL runs on Linux and macOS: set RECADO_DATABASE_URL.")

from recado.db.embedded.config import EmbeddedConfig
from recado.db.embedded.errors import (
    BinariesMissing,
    EmbeddedError,
    ForeignDirectory,
    StartFailed,
    StopFailed,
    VersionMismatch,
)
from recado.db.embedded.server import Departure, Running, StillInUse, Stopped, start

__all__ = [
    "BinariesMissing",
    "Departure",
    "EmbeddedConfig",
    "EmbeddedError",
    "ForeignDirectory",
    "Running",
    "StartFailed",
    "StillInUse",
    "StopFailed",
    "Stopped",
    "VersionMismatch",
    "start",
]
