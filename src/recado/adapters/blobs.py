"""Where the bytes of files are kept. The default is a local directory; names are random, never the user's."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Protocol


class BlobStore(Protocol):
    async def put(self, name: str, data: bytes) -> None:
        """Durable when it returns. Writing the same name again replaces it."""
        ...

    async def get(self, name: str) -> bytes | None: ...

    async def delete(self, name: str) -> None: ...


class DirectoryBlobs:
    """One file for each blob, in folders of 256, written beside and renamed so that none is ever half."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, name: str) -> Path:
        if not name.isalnum():
            raise ValueError("blob names are generated and alphanumeric")
        return self._root / name[-2:] / name

    async def put(self, name: str, data: bytes) -> None:
        await asyncio.to_thread(self._write, self._path(name), data)

    async def get(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._read, self._path(name))

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A name of its own for each writer: the same blob may be fetched twice at once after a lease ran out.
        partial = path.with_suffix(f".{secrets.token_hex(8)}.part")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o600)
        partial.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _read(path: Path) -> bytes | None:
        return path.read_bytes() if path.exists() else None
