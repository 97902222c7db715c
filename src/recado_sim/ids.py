"""Identifiers that look like Meta's. All randomness comes from the generator handed in."""

from __future__ import annotations

import base64
import hashlib
import random
import re

BSUID = re.compile(r"^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$")
_COUNTRY = {"1": "US", "44": "GB", "49": "DE", "54": "AR", "55": "BR", "351": "PT", "972": "IL"}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
FROM_BUSINESS, FROM_PERSON = 0x11, 0x12


class Ids:
    """Makes ids. The counter keeps them unique even when a seeded generator starts over."""

    def __init__(self, rng: random.Random, counter: int = 0) -> None:
        self.rng = rng
        self.counter = counter

    def wamid(self, about: str, *, inbound: bool = False) -> str:
        """`wamid.` + base64 of bytes that hold the other side's number, as Meta's do."""
        self.counter += 1
        name = about.encode()[:64]
        unique = f"{self.rng.getrandbits(40):010X}{self.counter & 0xFFFFFFFF:08X}"
        if inbound:
            unique += f"{self.rng.getrandbits(8):02X}"
        raw = bytearray(b"\x1c\x18")
        raw.append(len(name))
        raw += name
        raw += bytes((0x15, 0x02, 0x00, FROM_PERSON if inbound else FROM_BUSINESS, 0x18))
        raw.append(len(unique))
        raw += unique.encode() + b"\x00"
        return "wamid." + base64.b64encode(raw).decode()

    def number(self) -> str:
        """A Graph object id: digits only."""
        self.counter += 1
        return f"{self.rng.randrange(10**5, 10**6)}{self.counter:09d}"

    def fbtrace(self) -> str:
        """What Meta asks for in support tickets."""
        return "A" + "".join(self.rng.choices(_ALPHABET, k=22))


def digits(text: str) -> str:
    """Only the digits: spaces, hyphens and parentheses are tolerated in `to`, as Meta does."""
    return "".join(char for char in text if char.isdigit())


def bsuid_of(phone: str) -> str:
    """The same made-up business-scoped id for the same phone, whatever the start or the seed."""
    country = next((_COUNTRY[phone[:n]] for n in (3, 2, 1) if phone[:n] in _COUNTRY), "XX")
    tail = int.from_bytes(hashlib.sha256(b"bsuid:" + phone.encode()).digest()[:8], "big")
    return f"{country}.1{tail % 10**17:017d}"


def is_bsuid(text: str) -> bool:
    """`BR.1349…` or a parent id `BR.ENT.118…`."""
    return BSUID.match(text) is not None
