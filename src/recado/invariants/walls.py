"""The walls between tenants: row security tried out (I18), secrets opened in the wrong place (I19)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Database, Tx
from recado.db.sql import Statement
from recado.invariants.model import SAMPLE, Findings
from recado.kit.crypto import SecretUnreadable
from recado.kit.ids import TenantId
from recado.tenants.vault import TenantKeys, Vault

_Q = sql.load("recado.invariants")
_NAME = re.compile(r"^[a-z_][a-z0-9_]*$")
# Two tenants tell as much as all of them: the rule is the same text for each.
_TENANTS = 2


async def row_security(tx: Tx, db: Database, tenants: Sequence[TenantId], found: Findings) -> None:
    """By catalogue for every table, and by looking: as one tenant, for another's rows, both ways round."""
    rows = await tx.fetch(_Q["open_tables"], most=SAMPLE)
    found.add("I18", rows[0]["found"] if rows else 0, *map(dict, rows))
    tables = [row["name"] for row in await tx.fetch(_Q["tenant_tables"])]
    chosen = [*tenants[:_TENANTS], *([TenantId(UUID(int=1))] if len(tenants) == 1 else [])]
    for own in chosen:
        others = [other for other in chosen if other != own]
        await _look(db, own, others, tables, found)


async def _look(
    db: Database, own: TenantId, others: Sequence[TenantId], tables: Sequence[str], found: Findings
) -> None:
    async with db.tenant(own) as tx:
        for table in tables:
            for other in others:
                if await tx.value(_peek(table), other=other):
                    found.add("I18", 1, {"table_name": table, "seen_by": own, "belongs_to": other})


def _peek(table: str) -> Statement:
    """Names come from the catalogue and are plain words, so they may stand in the text."""
    if not _NAME.match(table):
        raise ValueError(f"not a plain table name: {table!r}")
    text = f"select exists (select from {table} where tenant_id = $1)"  # noqa: S608
    return Statement("peek", text, ("other",), None)


async def secrets(tx: Tx, vault: Vault, found: Findings) -> None:
    """Every stored secret opens in its place; in another row, column or tenant it must not."""
    for row in await tx.fetch(_Q["sealed"]):
        for what in _wrong_about(vault, dict(row)):
            found.add("I19", 1, {"tenant_id": row["tenant_id"], "number_id": row["number_id"], "what": what})


def _wrong_about(vault: Vault, row: Mapping[str, Any]) -> list[str]:
    tenant_id, wrapped = TenantId(row["tenant_id"]), bytes(row["dek"])
    try:
        # Not from the vault's memory: the stored bytes are what is being proven.
        keys = Vault(vault.ring).keys(tenant_id, wrapped)
    except SecretUnreadable:
        return ["the tenant's key does not open"]
    wrong = []
    stranger = TenantId(UUID(int=tenant_id.int ^ 1))
    if _opens_key(vault, stranger, wrapped):
        wrong.append("the tenant's key opens for another tenant")
    if row["number_id"] is not None:
        wrong += _wrong_credentials(keys, row["number_id"], bytes(row["credentials"]))
    return wrong


def _opens_key(vault: Vault, tenant_id: TenantId, wrapped: bytes) -> bool:
    try:
        Vault(vault.ring).keys(tenant_id, wrapped)
    except SecretUnreadable:
        return False
    return True


def _wrong_credentials(keys: TenantKeys, number_id: UUID, sealed: bytes) -> list[str]:
    table, column = "phone_number", "credentials"
    wrong = [] if _opens(keys, table, column, number_id, sealed) else ["credentials do not open"]
    stranger = replace(keys, tenant_id=TenantId(UUID(int=keys.tenant_id.int ^ 1)))
    elsewhere = {
        "row": (keys, table, column, UUID(int=number_id.int ^ 1)),
        "column": (keys, table, "display_phone", number_id),
        "table": (keys, "tenant", column, number_id),
        "tenant": (stranger, table, column, number_id),
    }
    wrong += [
        f"credentials open in another {what}" for what, place in elsewhere.items() if _opens(*place, sealed)
    ]
    return wrong


def _opens(keys: TenantKeys, table: str, column: str, row: UUID, sealed: bytes) -> bool:
    try:
        keys.unseal(table, column, row, sealed)
    except SecretUnreadable:
        return False
    return True
