"""Meta's table of file formats and sizes (meta-platform 1.1, read 2026-07-02). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import filetype

MB = 1024 * 1024
KB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one kind of message may carry."""

    kind: str
    mime_types: frozenset[str]
    max_bytes: int


_OFFICE = "application/vnd.openxmlformats-officedocument."
RULES: tuple[Rule, ...] = (
    Rule(kind="image", mime_types=frozenset({"image/jpeg", "image/png"}), max_bytes=5 * MB),
    Rule(
        kind="audio",
        mime_types=frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        max_bytes=16 * MB,
    ),
    Rule(kind="video", mime_types=frozenset({"video/mp4", "video/3gpp"}), max_bytes=16 * MB),
    Rule(kind="sticker", mime_types=frozenset({"image/webp"}), max_bytes=500 * KB),
    Rule(
        kind="document",
        mime_types=frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                _OFFICE + "wordprocessingml.document",
                _OFFICE + "spreadsheetml.sheet",
                _OFFICE + "presentationml.presentation",
            }
        ),
        max_bytes=100 * MB,
    ),
)
# Other spellings of the same thing, as senders and sniffers write them.
_SAME = {
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "image/jpg": "image/jpeg",
    "audio/x-aac": "audio/aac",
    "video/3gp": "video/3gpp",
}
_ZIPPED = frozenset(mime for mime in RULES[-1].mime_types if mime.startswith(_OFFICE))
_OLE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    mime_type: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """`rule` is `not_allowed` (format) or `too_large`; `limit` the largest size, or the allowed formats."""

    rule: str
    limit: int | str
    message: str


def plain_mime(declared: str | None) -> str:
    """Lower case, without parameters (`audio/ogg; codecs=opus`), one spelling for each format."""
    bare = (declared or "").partition(";")[0].strip().lower()
    return _SAME.get(bare, bare)


def _sniffed(head: bytes) -> str | None:
    guess = filetype.guess(head)
    return plain_mime(guess.mime) if guess is not None else None


def _agrees(declared: str, sniffed: str | None, head: bytes) -> bool:
    """Whether the first bytes may belong to the declared format."""
    if declared == "text/plain":
        return sniffed is None and b"\x00" not in head
    if sniffed is None:
        # Formats without a firm signature: raw AAC frames and old Office files.
        return declared in _OLE or declared == "audio/aac"
    if declared in _ZIPPED:
        return sniffed == declared or sniffed == "application/zip"
    if declared in _OLE:
        return sniffed in _OLE or sniffed == "application/x-ole-storage"
    pairs = {("audio/mp4", "video/mp4"), ("audio/ogg", "video/ogg")}
    return sniffed == declared or (declared, sniffed) in pairs


def judge(declared: str | None, size: int, head: bytes) -> Fits | Misfit:
    """Format by declared type *and* first bytes, then the size limit of that format."""
    mime = plain_mime(declared)
    sniffed = _sniffed(head)
    if mime in {"", "application/octet-stream"} and sniffed:
        mime = sniffed
    rule = next((one for one in RULES if mime in one.mime_types), None)
    if rule is None:
        allowed = ", ".join(sorted(m for one in RULES for m in one.mime_types))
        return Misfit(
            rule="not_allowed",
            limit=allowed,
            message=f"file: WhatsApp does not take the format {mime or 'unknown'}",
        )
    if not _agrees(mime, sniffed, head):
        return Misfit(
            rule="not_allowed",
            limit=mime,
            message=f"file: declared as {mime}, but its first bytes say otherwise",
        )
    if size > rule.max_bytes:
        return Misfit(
            rule="too_large",
            limit=rule.max_bytes,
            message=f"file: {rule.kind} files may have {rule.max_bytes} bytes, this one has {size}",
        )
    if size == 0:
        return Misfit(rule="too_short", limit=1, message="file: the file is empty")
    return Fits(mime_type=mime, kind=rule.kind)


def believable(declared: str | None, head: bytes) -> str:
    """The format to serve a received file as: what was declared when its first bytes agree, else what they say."""
    mime = plain_mime(declared)
    sniffed = _sniffed(head)
    if mime and _agrees(mime, sniffed, head):
        return mime
    return sniffed or "application/octet-stream"
