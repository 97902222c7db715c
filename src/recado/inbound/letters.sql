-- :received -> Stored
-- Everything the door took, newest first. Only bodies small enough to be read for a list come along.
select l.id as ledger_id, l.provider, l.received_at, octet_length(l.body) as size_bytes,
    case when octet_length(l.body) <= @readable then l.body end as body, w.state, coalesce(w.tries, 0) as tries,
    w.next_at, w.error, w.dead_at
from ledger l left join ledger_work w on w.ledger_id = l.id
where @before::bigint is null or l.id < @before
order by l.id desc limit @most;

-- :told_of -> ToldOf
-- Bodies that changed something for a company, by the diary: its newest lines, then back in time. Of a company that
-- sends and hears nothing a page goes back over no more than `look` lines.
select ledger_id, max(seq) as last_seq from (
    select seq, ledger_id from (
        select seq, ledger_id from event where tenant_id = @tenant_id and (@before::bigint is null or seq < @before)
        order by seq desc limit @look) newest
    where ledger_id is not null order by seq desc limit @lines) lines
group by ledger_id order by max(seq) desc limit @most;

-- :end_of_look -> Seq
select seq from event where tenant_id = @tenant_id and (@before::bigint is null or seq < @before)
order by seq desc offset @look - 1 limit 1;

-- :already_shown -> ToldOf
select ledger_id, max(seq) as last_seq from (
    select seq, ledger_id from (
        select seq, ledger_id from event where tenant_id = @tenant_id and seq >= @before
        order by seq limit @look) next
    where ledger_id is not null order by seq limit @lines) lines
group by ledger_id;

-- :these -> Stored
select l.id as ledger_id, l.provider, l.received_at, octet_length(l.body) as size_bytes,
    case when octet_length(l.body) <= @readable then l.body end as body, w.state, coalesce(w.tries, 0) as tries,
    w.next_at, w.error, w.dead_at
from ledger l left join ledger_work w on w.ledger_id = l.id
where l.id = any(@ids::bigint[])
order by l.id desc;

-- :dead -> Stored
select l.id as ledger_id, l.provider, l.received_at, octet_length(l.body) as size_bytes,
    case when octet_length(l.body) <= @readable then l.body end as body, w.state, w.tries, w.next_at, w.error, w.dead_at
from ledger_work w join ledger l on l.id = w.ledger_id
where w.state = 2 and (@cause::text is null or w.error = @cause)
  and (@before_at::timestamptz is null or (w.dead_at, w.ledger_id) < (@before_at, @before_id::bigint))
order by w.dead_at desc, w.ledger_id desc limit @most;

-- :dead_causes -> Cause
select coalesce(error, '') as error, count(*) as letters, min(dead_at) as oldest, max(dead_at) as newest
from (select error, dead_at from ledger_work where state = 2 order by dead_at desc limit 50000) dead
group by error order by count(*) desc limit 50;

-- :dead_ids -> DeadId
select ledger_id from ledger_work where state = 2 and (@cause::text is null or error = @cause)
order by dead_at, ledger_id limit @most;

-- :found -> FoundEvent
select seq, key, kind, message_id, conversation_id, ledger_id, recorded_at from event
where tenant_id = @tenant_id and key = any(@keys::bytea[]);

-- :last_seq -> Seq
select seq from event where tenant_id = @tenant_id order by seq desc limit 1;

-- :new_lines -> NewLine
select e.seq, e.kind, e.message_id, m.state from event e
left join message m on m.tenant_id = e.tenant_id and m.id = e.message_id
where e.tenant_id = @tenant_id and e.seq > @seq and e.ledger_id = @ledger_id order by e.seq limit 200;

-- :states -> MessageState
select id, state from message where tenant_id = @tenant_id and id = any(@ids::uuid[]);

-- :put_back
update ledger_work set state = 0, tries = 0, next_at = clock_timestamp(), dead_at = null
where state = 2 and ledger_id = any(@ids::bigint[]);

-- :discard
-- The body stays in the ledger as long as every body does; the trail says who and why.
delete from ledger_work where state = 2 and ledger_id = any(@ids::bigint[]);

-- :open_batch
insert into letter_batch (tenant_id, batch_id, name, action, cause, why, actor, ledger_ids, created_at)
values (@tenant_id, @batch_id, @name, @action, @cause, @why, @actor, @ids, @now);

-- :batches -> Batch
-- `left` of them wait again, `dead` failed again; the others are through.
select b.batch_id, b.name, b.action, b.cause, b.why, b.actor, cardinality(b.ledger_ids) as letters, b.done, b.state,
    b.created_at, b.finished_at,
    (select count(*) from ledger_work w where w.ledger_id = any(b.ledger_ids[1:b.done]) and w.state = 0) as waiting,
    (select count(*) from ledger_work w where w.ledger_id = any(b.ledger_ids[1:b.done]) and w.state = 2) as dead
from letter_batch b where b.tenant_id = @tenant_id order by b.batch_id desc limit 10;

-- :take_batch -> BatchWork
select batch_id, action, ledger_ids, done, why, actor, state from letter_batch
where tenant_id = @tenant_id and batch_id = @batch_id for update;

-- :move_batch
update letter_batch set done = @done, state = case when @over::boolean then 'done' else state end,
    finished_at = case when @over::boolean then @now::timestamptz end
where tenant_id = @tenant_id and batch_id = @batch_id;

-- :cancel_batch
update letter_batch set state = 'cancelled', finished_at = @now
where tenant_id = @tenant_id and batch_id = @batch_id and state = 'running';
