-- :waiting -> Waiting
-- What is in line or held by a stopped kind, and what of it still makes sense. Counting ends early: nobody reads
-- the difference between a hundred thousand and more. Null scopes leave a filter out.
select count(*) as messages,
    count(*) filter (where expires_at <= @now) as expired,
    count(*) filter (where coalesce(expires_at > @now, true) and free_form and window_until <= @now) as closed,
    count(*) filter (where due_at > @now) as future
from (
    select o.expires_at, o.free_form, o.due_at, c.window_until
    from outbox o
    join conversation c on c.tenant_id = o.tenant_id and c.conversation_id = o.conversation_id
    where (@tenant_id::uuid is null or o.tenant_id = @tenant_id)
      and (@number_id::uuid is null or o.number_id = @number_id)
      and (o.state = 0 or o.state = 4 and exists (
        select 1 from message h where h.tenant_id = o.tenant_id and h.id = o.message_id and h.reason = 'kill_switch'))
      and (@kind::text is null or exists (
        select 1 from message m where m.tenant_id = o.tenant_id and m.id = o.message_id and m.kind = @kind))
    limit 100001) line;

-- :by_kind -> KindWaiting
select m.kind, count(*) as messages from (
    select tenant_id, message_id from outbox where tenant_id = @tenant_id and state in (0, 4) limit 100001) o
join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
group by m.kind;

-- :by_number -> NumberWaiting
select number_id, count(*) as messages from (
    select number_id from outbox where tenant_id = @tenant_id and state in (0, 4) limit 100001) o
group by number_id;

-- :by_tenant -> TenantWaiting
select tenant_id, count(*) as messages from (
    select tenant_id from outbox where state in (0, 4) limit 100001) o
group by tenant_id;

-- :pace -> Pace
select coalesce(sum(rate_per_s), 0)::float8 as rate_per_s from lane
where (@tenant_id::uuid is null or tenant_id = @tenant_id) and (@number_id::uuid is null or number_id = @number_id);

-- :free_kinds
-- A bite of what stopped kinds held and no longer do: back in line, where every gate looks again.
with freed as (
    update outbox set state = 0, due_at = greatest(due_at, @now)
    where (tenant_id, message_id) in (
        select o.tenant_id, o.message_id from outbox o
        join message m on m.tenant_id = o.tenant_id and m.id = o.message_id and m.reason = 'kill_switch'
        join tenant t on t.tenant_id = o.tenant_id and not t.kind_stops ? m.kind
        where o.state = 4 and (@tenant_id::uuid is null or o.tenant_id = @tenant_id)
        order by o.tenant_id, o.message_id limit @most for update of o skip locked)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'queued', reason = null
    from freed f where m.tenant_id = f.tenant_id and m.id = f.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.released', @now, '{"reason": "kill_switch"}' from freed;
