"""What the audit asserts, in words, and what a run of it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SAMPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """One promise in the two languages people read."""

    en: str
    pt: str


TITLES: Mapping[str, Title] = {
    "I1": Title(
        en="every answered request has exactly one message",
        pt="cada pedido respondido tem exatamente uma mensagem",
    ),
    "I2": Title(
        en="an idempotency key is used once and always gets the same answer",
        pt="uma chave de idempotência vale uma vez e tem sempre a mesma resposta",
    ),
    "I3": Title(en="nothing is stuck", pt="nada está parado sem motivo"),
    "I4": Title(
        en="attempts and events tell exactly the stored state",
        pt="tentativas e eventos contam exatamente o estado guardado",
    ),
    "I5": Title(
        en="nothing was sent without a committed intent",
        pt="nada foi enviado sem intenção gravada",
    ),
    "I6": Title(
        en="no message was accepted twice without an incident",
        pt="nenhuma mensagem foi aceita duas vezes sem um incidente aberto",
    ),
    "I7": Title(
        en="what counts as accepted is known to the provider",
        pt="o que consta como aceito existe no provedor",
    ),
    "I8": Title(
        en="what was sent again had a proof that the first try was lost",
        pt="o que foi reenviado tinha prova de que a primeira tentativa se perdeu",
    ),
    "I9": Title(
        en="no attempt started while an earlier one was undecided",
        pt="nenhuma tentativa começou com outra ainda indefinida",
    ),
    "I10": Title(
        en="replies of a conversation left one after the other",
        pt="as respostas de uma conversa saíram uma após a outra",
    ),
    "I11": Title(en="numbers and pairs kept their pace", pt="números e destinatários respeitaram o ritmo"),
    "I12": Title(
        en="nothing left after a stop or a cancellation", pt="nada saiu depois de parar ou cancelar"
    ),
    "I13": Title(
        en="every webhook body is new, done or a dead letter",
        pt="cada corpo de webhook está novo, feito ou na caixa de mortos",
    ),
    "I14": Title(en="every event had at most one effect", pt="cada evento teve no máximo um efeito"),
    "I15": Title(
        en="status never went back, and delivered is never shown as failed",
        pt="o status nunca voltou atrás, e entregue nunca aparece como falha",
    ),
    "I16": Title(
        en="no effect outlives the event it came from",
        pt="nenhum efeito vale mais do que o evento que o causou",
    ),
    "I17": Title(en="one reminder for each appointment", pt="um lembrete por agendamento"),
    "I18": Title(en="no tenant can see or write another's rows", pt="nenhuma empresa vê ou altera outra"),
    "I19": Title(
        en="secrets open where they belong and nowhere else",
        pt="os segredos abrem no lugar certo e em nenhum outro",
    ),
    "I20": Title(en="erased people are gone", pt="pessoas apagadas não deixaram rastro"),
    "I21": Title(
        en="every tenant webhook is delivered, pending or dead",
        pt="cada webhook de cliente está entregue, pendente ou morto",
    ),
    "I22": Title(
        en="nothing left in dry run, and no free text outside the window",
        pt="nada saiu em modo de teste, nem texto livre fora da janela",
    ),
    "I23": Title(
        en="the books close: accepted = finished + open", pt="a conta fecha: aceitas = concluídas + abertas"
    ),
    "I24": Title(en="backups were rehearsed", pt="os backups foram ensaiados"),
}

NOT_YET: Mapping[str, str] = {
    "I17": "there are no appointments in this version",
    "I20": "there is no erasure in this version",
    "I21": "there are no tenant webhooks in this version",
    "I24": "restore drills are not recorded in this version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One promise after a run. `ok` is None when it was not looked at; then `skipped` says why.

    `found` counts all offending rows, `sample` shows at most twenty: identifiers, never content.
    """

    id: str
    title: Title
    ok: bool | None
    found: int = 0
    sample: tuple[dict[str, Any], ...] = ()
    skipped: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title.en,
            "title_pt": self.title.pt,
            "ok": self.ok,
            "found": self.found,
            "sample": list(self.sample),
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run. `messages` were folded again."""

    invariants: tuple[Invariant, ...]
    messages: int
    took_ms: int
    at: datetime

    @property
    def failed(self) -> tuple[Invariant, ...]:
        return tuple(one for one in self.invariants if one.ok is False)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": not self.failed,
            "at": self.at.isoformat(),
            "took_ms": self.took_ms,
            "messages": self.messages,
            "invariants": [one.as_dict() for one in self.invariants],
        }


@dataclass(slots=True)
class Findings:
    """Collects what the parts of a run found."""

    counts: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, which: str, count: int, *rows: Mapping[str, Any]) -> None:
        """`count` more offending rows, some of them shown."""
        self.counts[which] = self.counts.get(which, 0) + count
        kept = self.samples.setdefault(which, [])
        kept.extend({name: _plain(value) for name, value in row.items()} for row in rows)
        del kept[SAMPLE:]

    def skip(self, which: str, why: str) -> None:
        self.skipped[which] = why

    def invariants(self) -> tuple[Invariant, ...]:
        return tuple(self._one(which, title) for which, title in TITLES.items())

    def _one(self, which: str, title: Title) -> Invariant:
        found = self.counts.get(which, 0)
        if not found and (why := self.skipped.get(which)) is not None:
            return Invariant(id=which, title=title, ok=None, skipped=why)
        return Invariant(
            id=which, title=title, ok=not found, found=found, sample=tuple(self.samples.get(which, ()))
        )


def _plain(value: Any) -> Any:
    """What JSON can carry."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
