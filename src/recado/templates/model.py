"""Rows and values about templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.kit.ids import TenantId
from recado.kit.reasons import Reason

# As the provider writes them. FLAGGED and REINSTATED are approved ones with a history.
SENDABLE: Final = frozenset({"APPROVED", "FLAGGED", "REINSTATED", "ACTIVE", "LOCKED"})
# What waits instead of being refused, and why: the provider may let it leave again.
STOPPING: Final = {"PAUSED": Reason.TEMPLATE_PAUSED, "DISABLED": Reason.TEMPLATE_DISABLED}
GONE: Final = "DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """`components` keep the provider's names; `status_at` is the provider's time of the status."""

    template_id: UUID
    waba_id: UUID
    waba_external_id: str
    waba_name: str | None
    external_id: str
    name: str
    language: str
    category: str | None
    status: str
    status_at: datetime
    quality: str | None
    parameter_format: str | None
    components: list[dict[str, Any]]
    rejected_reason: str | None
    first_seen_at: datetime
    synced_at: datetime | None
    gone_at: datetime | None

    @property
    def sendable(self) -> bool:
        return self.status in SENDABLE and self.gone_at is None

    @property
    def named(self) -> bool:
        """Whether its variables have names instead of numbers."""
        return (self.parameter_format or "").upper() == "NAMED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChange:
    """`what` is created, status, quality, category, components or gone."""

    change_id: int
    at: datetime
    what: str
    was: str | None
    became: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """When a WABA's templates were compared last, and what went wrong since."""

    waba_id: UUID
    waba_external_id: str
    waba_name: str | None
    provider: str
    tried_at: datetime | None
    synced_at: datetime | None
    templates: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a webhook said about one template. `event` is a status, a quality or a category, as `field` says."""

    field: str
    external_id: str | None
    name: str | None
    language: str | None
    event: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of a template, as much as comparing needs."""

    template_id: UUID
    external_id: str
    name: str
    language: str
    category: str | None
    status: str
    status_at: datetime
    quality: str | None
    components: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waba:
    waba_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWaba:
    tenant_id: TenantId
    waba_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """How many templates there are, and how many changed, came or went."""

    templates: int
    changed: int


def key_of(name: str, language: str) -> str:
    """How a template is named among what a lane may not send. Some write `pt-BR`, the provider wants `pt_BR`."""
    return f"{name}|{language.replace('-', '_')}"
