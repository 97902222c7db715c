"""Bytes on disk: whole or not there, for the owner only, never under somebody else's name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recado.adapters.blobs import DirectoryBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path / "media")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_was_put_is_there_until_deleted(blobs: DirectoryBlobs) -> None:
    assert await blobs.get("abc123") is None
    await blobs.put("abc123", b"one")
    assert await blobs.get("abc123") == b"one"
    await blobs.put("abc123", b"two")
    assert await blobs.get("abc123") == b"two"
    await blobs.delete("abc123")
    await blobs.delete("abc123")
    assert await blobs.get("abc123") is None


async def test_only_the_owner_can_read_and_nothing_half_is_left(
    blobs: DirectoryBlobs, tmp_path: Path
) -> None:
    await blobs.put("abc123", b"x" * 100_000)
    (file,) = files_in(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


async def test_the_same_name_written_at_once_is_one_whole_file(blobs: DirectoryBlobs, tmp_path: Path) -> None:
    bodies = [bytes([n]) * 50_000 for n in range(8)]
    await asyncio.gather(*(blobs.put("abc123", body) for body in bodies))
    assert await blobs.get("abc123") in bodies
    assert len(files_in(tmp_path)) == 1


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", "a\x00b", "a.b", "C:\\x"])
async def test_a_name_that_is_no_generated_one_is_a_bug(blobs: DirectoryBlobs, name: str) -> None:
    for work in (blobs.get(name), blobs.put(name, b"x"), blobs.delete(name)):
        with pytest.raises(ValueError, match="alphanumeric"):
            await work
