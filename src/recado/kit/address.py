"""Addresses of databases as people type them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

# Names no part of the text: what looks like a port may be half a password.
UNREADABLE: Final = (
    "cannot be read as the address of a PostgreSQL; it looks like postgresql://login:password@host:5432/name, and "
    "@ : / ? # % inside login or password are written %40 %3A %2F %3F %23 %25"
)


def is_postgres(text: str) -> bool:
    """Whether the driver will understand it; nothing is looked up."""
    try:
        parts = urlsplit(text)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        # One at a time: several hosts are allowed, each with a port of its own.
        ports = [urlsplit(f"//{host}").port for host in hosts]
    except ValueError:
        return False
    return parts.scheme in {"postgresql", "postgres"} and all(port != 0 for port in ports)
