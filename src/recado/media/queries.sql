-- :insert_media
insert into media (tenant_id, media_id, direction, state, mime_type, filename, size_bytes, sha256, blob,
    provider_media_id, number_id, message_id, created_at, stored_at)
values (@tenant_id, @media_id, @direction, @state, @mime_type, @filename, @size_bytes, @sha256, @blob,
    @provider_media_id, @number_id, @message_id, @now::timestamptz, case when @state = 'stored' then @now::timestamptz end)
on conflict (tenant_id, media_id) do nothing;

-- :media_by_id -> MediaRow
select media_id, direction, state, reason, mime_type, filename, size_bytes, sha256, blob, provider_media_id,
    number_id, message_id, created_at
from media where tenant_id = @tenant_id and media_id = @media_id;

-- :media_of_message -> MediaRow
select media_id, direction, state, reason, mime_type, filename, size_bytes, sha256, blob, provider_media_id,
    number_id, message_id, created_at
from media where tenant_id = @tenant_id and message_id = @message_id order by created_at;

-- :stored_media -> StoredId
select media_id from media where tenant_id = @tenant_id and media_id = any(@ids::uuid[]) and state = 'stored';

-- :mark_stored
update media set state = 'stored', reason = null, mime_type = @mime_type, size_bytes = @size_bytes, sha256 = @sha256,
    blob = @blob, stored_at = @now
where tenant_id = @tenant_id and media_id = @media_id and state <> 'stored';

-- :mark_unavailable
update media set state = 'unavailable', reason = @reason
where tenant_id = @tenant_id and media_id = @media_id and state = 'pending';

-- :ready_uploads -> ReadyUpload
select u.number_id, u.media_id, u.provider_media_id
from media_upload u
join unnest(@tenant_ids::uuid[], @number_ids::uuid[], @media_ids::uuid[]) as want (tenant_id, number_id, media_id)
    on want.tenant_id = u.tenant_id and want.number_id = u.number_id and want.media_id = u.media_id
where u.expires_at > @now;

-- :refused_files -> RefusedFile
select r.number_id, r.media_id, r.reason, r.code, r.detail
from unnest(@tenant_ids::uuid[], @number_ids::uuid[], @media_ids::uuid[]) as want (tenant_id, number_id, media_id)
join media_refusal r
    on r.tenant_id = want.tenant_id and r.number_id = want.number_id and r.media_id = want.media_id
where r.until > @now;

-- :refuse_file
insert into media_refusal (tenant_id, media_id, number_id, reason, code, detail, until)
values (@tenant_id, @media_id, @number_id, @reason, @code, @detail, @until)
on conflict (tenant_id, media_id, number_id) do update
    set reason = excluded.reason, code = excluded.code, detail = excluded.detail, until = excluded.until;

-- :save_upload
insert into media_upload (tenant_id, media_id, number_id, provider_media_id, expires_at)
values (@tenant_id, @media_id, @number_id, @provider_media_id, @expires_at)
on conflict (tenant_id, media_id, number_id) do update
    set provider_media_id = excluded.provider_media_id, expires_at = excluded.expires_at;
