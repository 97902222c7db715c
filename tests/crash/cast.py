"""Who takes part: two companies with many numbers, and invented people who write to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

TENANTS = 2
NUMBERS = 48
# People who wrote first: their windows are open, so chat replies may be sent to them.
WRITERS = 3
STRANGERS = 4000
MARKER = re.compile(rb"m-\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """One business number."""

    index: int

    @property
    def tenant(self) -> int:
        return self.index % TENANTS

    @property
    def phone_number_id(self) -> str:
        return f"1060000000{self.index:05d}"

    @property
    def waba_id(self) -> str:
        return f"1020000000{self.tenant:05d}"

    def writer(self, n: int) -> str:
        return person(50_000 + self.index * WRITERS + n)


LINES = tuple(Line(index) for index in range(NUMBERS))
BY_ID = {line.phone_number_id: line for line in LINES}


def person(n: int) -> str:
    """Digits of an invented phone: area code 20 exists nowhere in Brazil."""
    return f"55209555{n:05d}"


def client_id(tenant: int) -> str:
    return f"estudio-aurora-{tenant + 1}"


def api_key(tenant: int) -> str:
    return f"rk_crash-only-{tenant}-" + "x" * 32
