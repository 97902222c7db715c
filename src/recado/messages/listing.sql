-- :part called
-- Whoever has a word that begins as what was typed. Of a crowd only the first: the rest is asked one by one.
with called as materialized (
    select contact_id from contact_word where tenant_id = @tenant_id and word >= @word_first and word < @word_last
    order by word, contact_id limit 5001)

-- :part narrowed
-- The filters of the list, over `m`.
(@number_id::uuid is null or m.number_id = @number_id)
  and (@kind::text is null or m.kind = @kind) and (@class::text is null or m.class = @class)
  and (@states::text[] is null or m.state = any(@states))
  and (@template::text is null or m.content -> 'template' ->> 'name' = @template)
  and (@free::boolean is null or (m.kind <> 'template') = @free)
  and (@text::text is null or m.preview ilike @text or (
    select name ilike @text or username ilike @text or phone like @numerals from contact
    where tenant_id = @tenant_id and contact_id = m.contact_id))
  and (@word_first::text is null or m.contact_id in (select contact_id from called)
    or (select count(*) from called) > 5000 and (
        select true from contact_word
        where tenant_id = @tenant_id and contact_id = m.contact_id and word >= @word_first and word < @word_last
        limit 1))

-- :look -> Found
-- A look goes back over at most so many messages, whatever the filters say: it costs the same at ten thousand and at
-- ten million. What is older is reached by looking on from there. Only ids: the rest is fetched row by row, so no
-- cached plan can turn this into a join over whole tables.
{{called}}
select id from (
    select id, direction, number_id, contact_id, kind, class, state, rank, content, preview from message
    where tenant_id = @tenant_id and id < @before and id >= @since order by id desc limit @look) m
where direction = 'out' and (not @left::boolean or rank > 0)
  and {{narrowed}}
order by id desc limit @most;

-- :look_attention -> Found
{{called}}
select id from (
    select id, direction, number_id, contact_id, kind, class, state, reason, content, preview from message
    where tenant_id = @tenant_id and id < @before and id >= @since and attention order by id desc limit @look) m
where direction = 'out'
  and {{narrowed}}
  and (@reason::text is null or reason = @reason)
order by id desc limit @most;

-- :look_unsent -> Found
{{called}}
select id from (
    select id, direction, number_id, contact_id, kind, class, state, reason, content, preview from message
    where tenant_id = @tenant_id and id < @before and id >= @since and reason is not null
    order by id desc limit @look) m
where direction = 'out' and state = any(@unsent::text[])
  and {{narrowed}}
  and (@reason::text is null or reason = @reason)
order by id desc limit @most;

-- :look_waiting -> Found
-- In line now, or with `later` for a moment still to come. Ordered by the line's own id, not the message's: that order
-- is there already, so the look ends with the page instead of sorting all that waits (33 ms with 7,000 of them).
{{called}}
select m.id from (
    select tenant_id, message_id, since from outbox
    where tenant_id = @tenant_id and message_id < @before and message_id >= @since
    order by message_id desc limit @look) o
cross join lateral (
    select id, number_id, contact_id, kind, class, state, reason, content, preview from message
    where tenant_id = o.tenant_id and id = o.message_id offset 0) m
where (o.since > @now) = @later::boolean
  and {{narrowed}}
  and (@reason::text is null or m.reason = @reason)
order by o.message_id desc limit @most;

-- :sift -> Found
-- Those of the named messages that belong to the list, whatever the list is: one look by primary key each.
{{called}}
select m.id from unnest(@ids::uuid[]) as u (id)
cross join lateral (
    select id, direction, number_id, conversation_id, contact_id, kind, class, state, rank, reason, attention, client_reference,
        content, preview
    from message where tenant_id = @tenant_id and id = u.id offset 0) m
left join lateral (
    select since from outbox where tenant_id = @tenant_id and message_id = m.id offset 0) o on true
where m.direction = 'out' and m.id >= @since
  and (not @wants_somebody::boolean or m.attention) and (not @left::boolean or m.rank > 0)
  and (not @ended_unsent::boolean or m.reason is not null and m.state = any(@unsent::text[]))
  and (not @in_line::boolean or (o.since > @now) = @later::boolean)
  and {{narrowed}}
  and (@reason::text is null or m.reason = @reason)
  and (@reference::text is null or m.client_reference = @reference)
  and (@conversations::uuid[] is null or m.conversation_id = any(@conversations))
order by m.id desc limit @most;

-- :of_people -> Found
-- Messages of people found by name or phone, newest first.
select m.id from unnest(@conversations::uuid[]) as c (conversation_id)
cross join lateral (
    select id from message
    where tenant_id = @tenant_id and conversation_id = c.conversation_id and id < @before and id >= @since
    order by id desc limit @look) m
order by m.id desc limit @look;

-- :of_reference -> Found
select id from message
where tenant_id = @tenant_id and client_reference = @reference and id < @before and id >= @since
order by id desc limit @look;

-- :end_of_look -> Found
-- Where a look that found too little ended; nothing when it reached the end.
select id from message where tenant_id = @tenant_id and id < @before and id >= @since
order by id desc offset @look - 1 limit 1;

-- :end_of_look_attention -> Found
select id from message where tenant_id = @tenant_id and id < @before and id >= @since and attention
order by id desc offset @look - 1 limit 1;

-- :end_of_look_unsent -> Found
select id from message where tenant_id = @tenant_id and id < @before and id >= @since and reason is not null
order by id desc offset @look - 1 limit 1;

-- :end_of_look_waiting -> Found
select message_id as id from outbox where tenant_id = @tenant_id and message_id < @before and message_id >= @since
order by message_id desc offset @look - 1 limit 1;

-- :by_wamid -> Found
select id from message where tenant_id = @tenant_id and wamid_hash = @wamid_hash limit 50;

-- :rows -> ListRow
select m.id, m.direction, m.kind, m.class as message_class, m.content -> 'template' ->> 'name' as template,
    m.preview, m.recipient, m.number_id, m.conversation_id, m.contact_id, m.state, m.rank, m.reason, m.reason_code,
    m.reason_detail, m.attention, m.client_reference, m.scheduled_at, m.expires_at, m.created_at, m.accepted_at,
    m.sent_at, m.delivered_at, m.read_at, m.failed_at,
    k.name, k.phone, k.bsuid, coalesce(p.verified_name, p.display_phone, p.external_id) as number_label,
    o.state as outbox_state, o.due_at as outbox_due_at, o.tries as outbox_tries,
    l.paused_reason as lane_reason, l.kill_switch or l.platform_stop as lane_kill,
    t.kill_switch or t.platform_stop as tenant_kill
from unnest(@ids::uuid[]) as u (id)
cross join lateral (select * from message where tenant_id = @tenant_id and id = u.id offset 0) m
cross join lateral (
    select name, phone, bsuid from contact where tenant_id = @tenant_id and contact_id = m.contact_id offset 0) k
cross join lateral (
    select verified_name, display_phone, external_id from phone_number
    where tenant_id = @tenant_id and number_id = m.number_id offset 0) p
cross join lateral (
    select paused_reason, kill_switch, platform_stop from lane
    where tenant_id = @tenant_id and number_id = m.number_id offset 0) l
cross join tenant t
left join lateral (
    select state, due_at, tries from outbox where tenant_id = @tenant_id and message_id = m.id offset 0) o on true
where t.tenant_id = @tenant_id
order by m.id desc;

-- :counts -> Counts
-- Counted up to a limit: more is shown as "999+".
select (select count(*) from (select 1 from message where tenant_id = @tenant_id and attention
            and direction = 'out' limit @most) x) as attention,
    (select count(*) from (select 1 from message where tenant_id = @tenant_id and direction = 'out'
            limit @most) x) as everything,
    (select count(*) from (select 1 from (select since from outbox where tenant_id = @tenant_id
            order by message_id desc limit @look) o where since <= @now limit @most) x) as waiting,
    (select count(*) from (select 1 from (select since from outbox where tenant_id = @tenant_id
            order by message_id desc limit @look) o where since > @now limit @most) x) as scheduled,
    (select count(*) from (select 1 from (select rank, direction from message where tenant_id = @tenant_id
            order by id desc limit @look) m where rank > 0 and direction = 'out' limit @most) x) as left_us,
    (select count(*) from (select 1 from (select state, direction from message where tenant_id = @tenant_id
            and reason is not null order by id desc limit @look) m
            where direction = 'out' and state = any(@unsent::text[]) limit @most) x) as unsent;

-- :count_attention
select count(*) from (select 1 from message where tenant_id = @tenant_id and attention and direction = 'out'
    limit @most) x;

-- :causes -> Cause
-- Problems by what caused them, over the newest of those that want somebody: as many as the tab counts, so that a
-- company with ten thousand old problems does not read them all for five lines.
select reason, count(*) as messages, max(id::text) as newest from (
    select reason, id from message where tenant_id = @tenant_id and attention and direction = 'out'
    order by id desc limit @look) m
where reason is not null
group by reason order by count(*) desc limit 5;

-- :stopped_lanes -> StoppedLane
-- Numbers that stand still, and how much waits behind each.
select l.number_id, coalesce(p.verified_name, p.display_phone, p.external_id) as number_label, l.paused_reason as reason,
    l.paused_at, l.paused_until,
    (select count(*) from (select 1 from outbox o where o.tenant_id = l.tenant_id and o.number_id = l.number_id
        and o.priority in (0, 1, 2) and o.state = 0 limit @most) x) as waiting
from lane l join phone_number p on p.tenant_id = l.tenant_id and p.number_id = l.number_id
where l.tenant_id = @tenant_id and l.paused_reason is not null
order by l.number_id;

-- :dismiss -> Found
update message set attention = false
where tenant_id = @tenant_id and id = @id and attention and direction = 'out'
  and state not in ('in_doubt', 'needs_decision')
returning id;

-- :resent_as -> ResentAs
select data ->> 'as' as new_id from event
where tenant_id = @tenant_id and message_id = @id and kind = 'message.resent' order by seq limit 1;

-- :templates_used -> TemplateName
select distinct name from (
    select content -> 'template' ->> 'name' as name from message
    where tenant_id = @tenant_id order by id desc limit @look) m
where name is not null order by name limit 50;

-- :sources -> Source
select ledger_id, kind from event
where tenant_id = @tenant_id and message_id = @id and ledger_id is not null order by seq limit 100;
