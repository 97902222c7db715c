-- :hold_waiting
-- After a restore: what waits in line may have left after the copy was made. In bites, whoever has a row keeps it.
with held as (
    update outbox set state = 4 where (tenant_id, message_id) in (
        select tenant_id, message_id from outbox where state = 0
        order by tenant_id, message_id limit @most for update skip locked)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'held', reason = 'restored', attention = true
    from held h where m.tenant_id = h.tenant_id and m.id = h.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.held', @now, '{"reason": "restored"}' from held;

-- :end_leases
-- Whoever sent these lived before the copy: the rescue puts them in doubt at once.
update outbox set lease_until = '-infinity' where state = 1;

-- :hold_stopped_too
-- What waited because its kind or template was stopped may have left after the copy was made as well.
update message m set reason = 'restored', attention = true
from outbox o
where o.state = 4 and m.tenant_id = o.tenant_id and m.id = o.message_id
  and m.reason in ('kill_switch', 'template_paused', 'template_disabled');

-- :held_counts -> HeldCount
-- What a stopped kind holds is freed with its kind (backlog.sql).
select t.client_id, count(*) as messages
from outbox o join tenant t on t.tenant_id = o.tenant_id
join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
where o.state = 4 and m.reason = 'restored' group by t.client_id order by t.client_id;

-- :release_held
with freed as (
    update outbox set state = 0, due_at = greatest(due_at, @now)
    where (tenant_id, message_id) in (
        select o.tenant_id, o.message_id from outbox o
        join message w on w.tenant_id = o.tenant_id and w.id = o.message_id and w.reason = 'restored'
        where o.state = 4 and o.tenant_id = @tenant_id and (@message_id::uuid is null or o.message_id = @message_id)
        order by o.message_id limit @most for update of o)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'queued', reason = null, attention = false
    from freed f where m.tenant_id = f.tenant_id and m.id = f.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.released', @now, jsonb_build_object('by', @actor::text)
from freed;

-- :discard_held
with gone as (
    delete from outbox
    where (tenant_id, message_id) in (
        select o.tenant_id, o.message_id from outbox o
        join message w on w.tenant_id = o.tenant_id and w.id = o.message_id and w.reason = 'restored'
        where o.state = 4 and o.tenant_id = @tenant_id and (@message_id::uuid is null or o.message_id = @message_id)
        order by o.message_id limit @most for update of o)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'discarded', reason = 'decision_abandoned', attention = false
    from gone g where m.tenant_id = g.tenant_id and m.id = g.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.discarded', @now,
    jsonb_build_object('reason', 'decision_abandoned', 'by', @actor::text)
from gone;
