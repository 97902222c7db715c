"""Files as the upload door leaves them."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from tests.slices.world import Company, World

from recado.media import service as media
from recado.worker.ports import WorkerPorts


async def keep(world: World, company: Company, ports: WorkerPorts, data: bytes) -> str:
    """A file as the upload door leaves it."""
    media_id = uuid4()
    await ports.blobs.put(media_id.hex, data)
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        await media.store_upload(
            tx,
            world.now,
            company.tenant.tenant_id,
            media_id=media_id,
            mime_type="image/jpeg",
            filename="foto.jpg",
            data_size=len(data),
            sha256=hashlib.sha256(data).digest(),
            blob=media_id.hex,
        )
    return media.write_id(media_id)
