"""Meta's table of formats: by declared type and first bytes together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.media.formats import KB, MB, RULES, Fits, Misfit, believable, judge, plain_mime
from recado.web.api.media import safe_filename

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(40)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(40)
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isomiso2" + bytes(40)
OGG = b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead" + bytes(20)
MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + bytes(40)
AMR = b"#!AMR\n" + bytes(40)
PDF = b"%PDF-1.7\n" + bytes(40)
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(40)
HTML = b"<html><script>alert(1)</script></html>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + bytes(60)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "head", "kind"),
    [
        ("image/jpeg", JPEG, "image"),
        ("IMAGE/JPG", JPEG, "image"),
        ("image/png", PNG, "image"),
        ("image/webp", WEBP, "sticker"),
        ("video/mp4", MP4, "video"),
        ("audio/mp4", M4A, "audio"),
        ("audio/x-m4a", M4A, "audio"),
        ("audio/ogg; codecs=opus", OGG, "audio"),
        ("audio/mpeg", MP3, "audio"),
        ("audio/amr", AMR, "audio"),
        ("application/pdf", PDF, "document"),
        (DOCX, ZIP, "document"),
        ("text/plain", "olá, mundo".encode(), "document"),
        ("application/octet-stream", PDF, "document"),
        (None, JPEG, "image"),
        ("", PNG, "image"),
    ],
)
def test_what_whatsapp_takes_fits(declared: str | None, head: bytes, kind: str) -> None:
    verdict = judge(declared, len(head), head)
    assert isinstance(verdict, Fits)
    assert verdict.kind == kind


@pytest.mark.parametrize(
    ("declared", "head"),
    [
        ("image/jpeg", PNG),
        ("image/png", HTML),
        ("application/pdf", EXE),
        ("text/plain", EXE),
        ("text/plain", b"a\x00b"),
        ("image/gif", b"GIF89a" + bytes(30)),
        ("text/html", HTML),
        ("image/svg+xml", b"<svg/>"),
        ("application/octet-stream", EXE),
        ("application/octet-stream", HTML),
        (None, b""),
        ("audio/ogg", MP3),
    ],
)
def test_what_lies_or_is_not_taken_is_refused(declared: str | None, head: bytes) -> None:
    verdict = judge(declared, len(head), head)
    assert isinstance(verdict, Misfit)
    assert verdict.rule == "not_allowed"
    assert verdict.message.startswith("file: ")


@pytest.mark.parametrize(
    ("mime", "head", "limit"),
    [
        ("image/jpeg", JPEG, 5 * MB),
        ("audio/mpeg", MP3, 16 * MB),
        ("video/mp4", MP4, 16 * MB),
        ("image/webp", WEBP, 500 * KB),
        ("application/pdf", PDF, 100 * MB),
    ],
)
def test_the_size_limit_is_exact(mime: str, head: bytes, limit: int) -> None:
    assert isinstance(judge(mime, limit, head), Fits)
    verdict = judge(mime, limit + 1, head)
    assert isinstance(verdict, Misfit)
    assert (verdict.rule, verdict.limit) == ("too_large", limit)


def test_an_empty_file_is_too_short() -> None:
    verdict = judge("text/plain", 0, b"")
    assert isinstance(verdict, Misfit)
    assert verdict.rule == "too_short"


def test_every_format_belongs_to_one_kind() -> None:
    formats = [mime for rule in RULES for mime in rule.mime_types]
    assert len(formats) == len(set(formats))


def test_a_received_file_is_served_as_what_it_is() -> None:
    assert believable("image/jpeg", JPEG) == "image/jpeg"
    assert believable("audio/ogg; codecs=opus", OGG) == "audio/ogg"
    assert believable("image/jpeg", PNG) == "image/png"
    assert believable("image/jpeg", HTML) == "application/octet-stream"
    assert believable(None, b"???") == "application/octet-stream"


@given(st.text(max_size=60), st.integers(0, 10**9), st.binary(max_size=64))
def test_no_declaration_and_no_bytes_make_it_stumble(declared: str, size: int, head: bytes) -> None:
    assert isinstance(judge(declared, size, head), Fits | Misfit)
    assert plain_mime(believable(declared, head)) or True


@given(st.text(max_size=300))
def test_a_filename_is_always_safe(name: str) -> None:
    safe = safe_filename(name)
    assert 1 <= len(safe) <= 120
    assert not set(safe) & set('/\\\x00\n\r"<>|:*?')
    assert safe not in {".", ".."}
    assert safe.encode("utf-8")


def test_a_filename_keeps_its_last_part() -> None:
    assert safe_filename("C:\\pasta\\exame final.pdf") == "exame final.pdf"
    assert safe_filename("../../etc/passwd") == "passwd"
    assert safe_filename(None) == "arquivo"
    assert safe_filename("...") == "arquivo"
