"""What a person reads for each `Reason`: one sentence and the next step, in pt-BR and English.

Short and kind, no codes, no jargon. Every reason has both languages (a test looks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recado.kit.reason_texts.own_en import OWN_EN
from recado.kit.reason_texts.own_pt import OWN_PT
from recado.kit.reason_texts.provider_en import PROVIDER_EN
from recado.kit.reason_texts.provider_pt import PROVIDER_PT
from recado.kit.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    text: str
    next_step: str


def _table(*parts: dict[Reason, tuple[str, str]]) -> dict[Reason, ReasonText]:
    return {
        reason: ReasonText(text=text, next_step=next_step)
        for part in parts
        for reason, (text, next_step) in part.items()
    }


_PT: Final = _table(OWN_PT, PROVIDER_PT)
_EN: Final = _table(OWN_EN, PROVIDER_EN)

LOCALES: Final = ("pt-BR", "en")


def reason_text(reason: Reason, locale: str = "pt-BR") -> ReasonText:
    """The sentence and next step for people. Any English locale gives English, all else pt-BR."""
    return (_EN if locale.lower().startswith("en") else _PT)[reason]
