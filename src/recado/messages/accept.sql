-- :standing -> Standing
-- What the door believed a moment ago, asked again in the transaction that stores: which keys are still good
-- (hash), and which requests came before (key).
select hash, null::text as key, null::bytea as request_hash, null::uuid as message_id, null::jsonb as answer
from api_key
where tenant_id = @tenant_id and hash = any(@hashes::bytea[]) and revoked_at is null
  and (expires_at is null or expires_at > @now)
union all
select null, key, request_hash, message_id, answer from idempotency
where tenant_id = @tenant_id and key = any(@keys::text[]);

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

-- :insert_messages
-- One statement for the fact, its place in the lane and the diary: they exist together or not at all. New
-- conversations come into being with it, sorted so that two batches never wait for each other in a circle; those
-- that exist (`known_ids`) move up in the list only where nobody holds them: whoever does is moving them anyway.
with made as (
    insert into conversation as c (tenant_id, conversation_id, number_id, contact_id, last_at, created_at)
    select @tenant_id, u.conversation_id, u.number_id, u.contact_id, @now, @now
    from unnest(@new_ids::uuid[], @new_number_ids::uuid[], @new_contact_ids::uuid[])
        as u (conversation_id, number_id, contact_id)
    order by u.number_id, u.contact_id
    on conflict (tenant_id, number_id, contact_id) do update set last_at = greatest(c.last_at, excluded.last_at)
    returning conversation_id, number_id, contact_id
), touched as (
    update conversation c set last_at = greatest(c.last_at, @now)
    from unnest(@known_ids::uuid[]) as u (conversation_id)
    cross join lateral (
        select conversation_id from conversation
        where tenant_id = @tenant_id and conversation_id = u.conversation_id
        for no key update skip locked) free
    where c.tenant_id = @tenant_id and c.conversation_id = free.conversation_id
), asked as (
    select * from unnest(
        @ids::uuid[], @number_ids::uuid[], @conversation_ids::uuid[], @contact_ids::uuid[], @kinds::text[],
        @classes::text[], @contents::jsonb[], @previews::text[], @recipients::text[], @contexts::text[],
        @references::text[], @priorities::smallint[], @scheduled::timestamptz[], @expires::timestamptz[],
        @due::timestamptz[], @free::boolean[], @media_refs::text[])
    as u (id, number_id, conversation_id, contact_id, kind, class, content, preview, recipient, context_wamid,
        client_reference, priority, scheduled_at, expires_at, due_at, free_form, media_ref)
), draft as (
    select a.id, a.number_id, coalesce(a.conversation_id, made.conversation_id) as conversation_id, a.contact_id,
        a.kind, a.class, a.content, a.preview, a.recipient, a.context_wamid, a.client_reference, a.priority,
        a.scheduled_at, a.expires_at, a.due_at, a.free_form, a.media_ref,
        -- A code that somebody is waiting for never stands in line.
        coalesce(l.ordering, t.ordering) = 'strict' and a.class <> 'authentication' as strict
    from asked a left join made
        on a.conversation_id is null and made.number_id = a.number_id and made.contact_id = a.contact_id
    cross join lateral (select ordering from tenant where tenant_id = @tenant_id offset 0) t
    left join lateral (
        select ordering from lane where tenant_id = @tenant_id and number_id = a.number_id offset 0) l on true
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
        expires_at, media_ref, ordered, strict, since)
    select @tenant_id, id, number_id, conversation_id, class, free_form, priority, due_at, expires_at, media_ref,
        class = 'session' or strict, strict, due_at
    from draft
)
insert into event (tenant_id, message_id, conversation_id, kind, at)
select @tenant_id, id, conversation_id, 'message.accepted', @now from draft;

-- :message_wamids -> WamidOf
select id, wamid from message where tenant_id = @tenant_id and id = any(@ids::uuid[]);
