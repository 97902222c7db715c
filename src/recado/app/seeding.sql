-- :numbers -> SeedNumber
select number_id from phone_number where tenant_id = @tenant_id order by number_id;

-- :name_people
update contact c set name = u.name from unnest(@contact_ids::uuid[], @names::text[]) as u (contact_id, name)
where c.tenant_id = @tenant_id and c.contact_id = u.contact_id;

-- :seed_messages
-- One statement for a bite. The server does not COPY into tables with row security, and the login of the product
-- is never above it; arrays travel in the same binary form.
with given as (
    select * from unnest(@ids::uuid[], @directions::text[], @number_ids::uuid[], @conversation_ids::uuid[],
        @contact_ids::uuid[], @kinds::text[], @classes::text[], @contents::jsonb[], @previews::text[],
        @recipients::text[], @references::text[], @stories::text[], @ats::timestamptz[], @tokens::uuid[],
        @hashes::bytea[])
    as u (id, direction, number_id, conversation_id, contact_id, kind, class, content, preview, recipient,
        client_reference, story, at, token, wamid_hash)
), story as (
    select * from unnest(@names::text[], @states::text[], @ranks::smallint[], @reasons::text[], @codes::integer[],
        @attentions::boolean[], @attempt_states::text[], @outbox_states::smallint[])
    as u (name, state, rank, reason, code, attention, attempt_state, outbox_state)
), step as (
    select * from unnest(@step_stories::text[], @step_places::integer[], @step_kinds::text[],
        @step_after::double precision[], @step_data::jsonb[])
    as u (story, place, kind, after_s, data)
), stored as (
    insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content,
        preview, recipient, client_reference, scheduled_at, expires_at, state, rank, reason, reason_code, attention,
        wamid_hash, accepted_at, sent_at, delivered_at, read_at, failed_at, at, created_at)
    select @tenant_id, g.id, g.direction, g.number_id, g.conversation_id, g.contact_id, g.kind, g.class, g.content,
        g.preview, g.recipient, g.client_reference,
        case when s.state = 'scheduled' then @far::timestamptz end,
        case when g.direction = 'in' then null when s.outbox_state is null then g.at + interval '24 hours'
            else @far::timestamptz + interval '24 hours' end,
        s.state, s.rank, s.reason, s.code, s.attention, g.wamid_hash,
        case when s.attempt_state = 'accepted' then g.at + interval '1 second' end,
        case when s.rank >= 2 then g.at + interval '2 seconds' end,
        case when s.rank >= 3 then g.at + interval '4 seconds' end,
        case when s.rank >= 4 then g.at + interval '90 seconds' end,
        case when s.state in ('failed', 'rejected', 'expired') then g.at + interval '3 seconds' end, g.at, g.at
    from given g join story s on s.name = g.story
), tried as (
    insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, started_at, finished_at, doubt_at,
        echo_at, wamid_hash, reason, code, http_status, elapsed_ms)
    select @tenant_id, g.token, g.id, g.number_id, 1, 1, s.attempt_state, g.at, g.at + interval '1 second',
        case when s.attempt_state = 'in_doubt' then g.at + interval '12 seconds' end,
        case when s.rank >= 2 then g.at + interval '2 seconds' end, g.wamid_hash,
        case when s.attempt_state <> 'accepted' then s.reason end,
        case when s.attempt_state = 'rejected' then s.code end,
        case s.attempt_state when 'accepted' then 200 when 'rejected' then 400 end, 180
    from given g join story s on s.name = g.story where s.attempt_state is not null
), waiting as (
    insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at,
        expires_at, since, state, tries, token)
    select @tenant_id, g.id, g.number_id, g.conversation_id, g.class, g.kind <> 'template', 1, @far,
        @far::timestamptz + interval '24 hours', case when s.state = 'scheduled' then @far else g.at end,
        s.outbox_state, case when s.attempt_state is null then 0 else 1 end,
        case when s.attempt_state is not null then g.token end
    from given g join story s on s.name = g.story where s.outbox_state is not null
), lately as (
    select conversation_id, max(at) as last_at, max(at) filter (where direction = 'in') as heard_at
    from given group by conversation_id
), talked as (
    update conversation c set last_at = greatest(c.last_at, t.last_at),
        last_inbound_at = greatest(c.last_inbound_at, t.heard_at),
        window_until = greatest(c.window_until, t.heard_at + interval '24 hours' - interval '60 seconds')
    from lately t where c.tenant_id = @tenant_id and c.conversation_id = t.conversation_id
)
insert into event (tenant_id, message_id, conversation_id, kind, at, recorded_at, key, data)
select @tenant_id, g.id, g.conversation_id, t.kind, g.at + make_interval(secs => t.after_s),
    g.at + make_interval(secs => t.after_s),
    case when t.kind like 'status.%' then substr(sha256(convert_to(g.id::text || t.kind, 'utf8')), 1, 16) end, t.data
from given g join step t on t.story = g.story
order by g.id, t.place;
