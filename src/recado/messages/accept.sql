-- :find_idempotency -> IdempotencyRow
select key, request_hash, message_id, answer from idempotency
where tenant_id = @tenant_id and key = any(@keys::text[]);

-- :insert_idempotency -> KeyWon
-- Waits for a concurrent writer of the same key; sorted, so batches never wait in a circle.
insert into idempotency (tenant_id, key, request_hash, message_id, answer, created_at)
select @tenant_id, u.key, u.request_hash, u.message_id, u.answer, @now
from unnest(@keys::text[], @hashes::bytea[], @message_ids::uuid[], @answers::jsonb[])
    as u (key, request_hash, message_id, answer)
order by u.key
on conflict (tenant_id, key) do nothing
returning key;

-- :live_keys -> LiveKey
select hash from api_key
where tenant_id = @tenant_id and hash = any(@hashes::bytea[]) and revoked_at is null
  and (expires_at is null or expires_at > @now);

-- :insert_messages
-- One statement for the fact, its place in the lane and the diary: they exist together or not at all.
with draft as (
    select * from unnest(
        @ids::uuid[], @number_ids::uuid[], @conversation_ids::uuid[], @contact_ids::uuid[], @kinds::text[],
        @classes::text[], @contents::jsonb[], @previews::text[], @recipients::text[], @contexts::text[],
        @references::text[], @priorities::smallint[], @scheduled::timestamptz[], @expires::timestamptz[],
        @due::timestamptz[], @free::boolean[], @media_refs::text[])
    as u (id, number_id, conversation_id, contact_id, kind, class, content, preview, recipient, context_wamid,
        client_reference, priority, scheduled_at, expires_at, due_at, free_form, media_ref)
), stored as (
    insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content,
        preview, recipient, context_wamid, client_reference, priority, scheduled_at, expires_at, state, at,
        created_at)
    select @tenant_id, id, 'out', number_id, conversation_id, contact_id, kind, class, content, preview,
        recipient, context_wamid, client_reference, priority, scheduled_at, expires_at,
        case when scheduled_at > @now then 'scheduled' else 'queued' end, @now, @now
    from draft
), waiting as (
    insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at,
        expires_at, media_ref, ordered, since)
    select @tenant_id, id, number_id, conversation_id, class, free_form, priority, due_at, expires_at, media_ref,
        class = 'session', due_at
    from draft
)
insert into event (tenant_id, message_id, conversation_id, kind, at)
select @tenant_id, id, conversation_id, 'message.accepted', @now from draft;

-- :message_wamids -> WamidOf
select id, wamid from message where tenant_id = @tenant_id and id = any(@ids::uuid[]);
