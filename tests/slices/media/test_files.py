"""Files as rows: whose they are, when they are ready."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from tests.slices.world import Company, World, inbound, said

from recado.db.system import system
from recado.kit.ids import TenantId
from recado.kit.reasons import Reason
from recado.media import service as media


async def store(world: World, tenant_id: TenantId) -> UUID:
    media_id = uuid4()
    async with world.db.tenant(tenant_id) as tx:
        await media.store_upload(
            tx,
            world.now,
            tenant_id,
            media_id=media_id,
            mime_type="image/png",
            filename="a.png",
            data_size=3,
            sha256=b"x",
            blob=media_id.hex,
        )
    return media_id


async def test_a_file_belongs_to_its_tenant(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    tenant_id, _ = aurora.lane
    media_id = await store(world, tenant_id)
    own = media.write_id(media_id)
    async with world.db.tenant(tenant_id) as tx:
        assert await media.stored_ids(tx, tenant_id, [("image.id", own)]) == {own}
        assert await media.find(tx, tenant_id, media_id) is not None
    async with world.db.tenant(bruma.tenant.tenant_id) as tx:
        assert await media.stored_ids(tx, bruma.tenant.tenant_id, [("image.id", own)]) == set()
        assert await media.find(tx, bruma.tenant.tenant_id, media_id) is None


async def test_an_upload_counts_for_its_number_until_it_expires(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242923")
    tenant_id, number_id = aurora.lane
    media_id = await store(world, tenant_id)
    own = media.write_id(media_id)
    wanted = [(tenant_id, number_id, own), (tenant_id, second.number.number_id, own)]
    async with system(world.db) as tx:
        await media.save_upload(tx, world.now, tenant_id, media_id, number_id, "9001")
        ready = await media.ready_uploads(tx, world.now, wanted)
        assert ready == {(number_id, own): {own: "9001"}}
        await media.save_upload(tx, world.now, tenant_id, media_id, number_id, "9002")
        assert await media.provider_ids(tx, world.now, wanted) == {(number_id, own): "9002"}
        assert await media.provider_ids(tx, world.now + timedelta(days=29), wanted) == {}
    assert await world.value("select count(*) from job where kind = 'media.upload'") == 1


async def test_a_message_with_two_files_waits_for_both(world: World, aurora: Company) -> None:
    tenant_id, number_id = aurora.lane
    first, second = await store(world, tenant_id), await store(world, tenant_id)
    refs = f"{media.write_id(first)},{media.write_id(second)}"
    async with system(world.db) as tx:
        await media.save_upload(tx, world.now, tenant_id, first, number_id, "9001")
        assert await media.ready_uploads(tx, world.now, [(tenant_id, number_id, refs)]) == {}
        await media.save_upload(tx, world.now, tenant_id, second, number_id, "9002")
        ready = await media.ready_uploads(tx, world.now, [(tenant_id, number_id, refs)])
    assert sorted(ready[(number_id, refs)].values()) == ["9001", "9002"]


async def test_a_file_once_here_stays_here(world: World, aurora: Company) -> None:
    image = {"id": "7788", "mime_type": "image/png"}
    await world.hear(inbound(aurora, said("image", "wamid.F", world.now, image)))
    tenant_id, _ = aurora.lane
    media_id = await world.value("select media_id from media")
    async with system(world.db) as tx:
        for data in (b"one", b"other"):
            await media.mark_stored(
                tx, world.now, tenant_id, media_id, mime_type="image/png", data=data, blob=media_id.hex
            )
        await media.mark_unavailable(tx, tenant_id, media_id, Reason.MEDIA_UNAVAILABLE)
    row = await world.row("select state, reason, size_bytes from media")
    assert row == {"state": "stored", "reason": None, "size_bytes": 3}
