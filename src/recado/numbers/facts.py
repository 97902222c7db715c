"""What the provider says of a number: kept beside what we know ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.providers.contract import NumberFacts

_Q = sql.load("recado.numbers", "facts.sql")


async def keep(tx: Tx, now: datetime, tenant_id: TenantId, known: Mapping[UUID, NumberFacts]) -> None:
    """`now` is when the provider was asked. A word it left out this time stays. Engine scope."""
    for number_id, about in sorted(known.items()):
        await tx.execute(
            _Q["keep_facts"],
            tenant_id=tenant_id,
            number_id=number_id,
            now=now,
            display_phone=about.display_phone,
            verified_name=about.verified_name,
            quality=about.quality,
            status=about.status,
            throughput=about.throughput,
            messaging_limit=about.messaging_limit,
            name_status=about.name_status,
        )
