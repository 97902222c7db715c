-- :snapshot -> Snapshot
select pg_snapshot_xmin(s)::text::bigint as xmin, pg_snapshot_xmax(s)::text::bigint as xmax
from pg_current_snapshot() s;

-- :changes -> ChangeRow
-- Statuses are written without their conversation: the message knows it.
select e.seq, e.message_id, coalesce(e.conversation_id, m.conversation_id) as conversation_id, e.kind
from (
    select seq, message_id, conversation_id, kind from event
    where tenant_id = @tenant_id and seq > @after order by seq desc limit @most
) e
left join message m on m.tenant_id = @tenant_id and m.id = e.message_id
order by e.seq desc;

-- :recent -> ChangeRow
select e.seq, e.message_id, coalesce(e.conversation_id, m.conversation_id) as conversation_id, e.kind
from (
    select seq, message_id, conversation_id, kind, recorded_at from event
    where tenant_id = @tenant_id order by seq desc limit @most
) e
left join message m on m.tenant_id = @tenant_id and m.id = e.message_id
where e.recorded_at > clock_timestamp() - make_interval(secs => @seconds)
order by e.seq desc;

-- :top -> TopSeq
select coalesce(max(seq), 0) as seq from event where tenant_id = @tenant_id;
