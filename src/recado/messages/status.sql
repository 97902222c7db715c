-- :resolve_statuses -> Resolved
-- Which message each status is about: by the attempt token it brings back, else by the provider's id.
select u.idx, coalesce(a.message_id, m.id) as message_id, a.token, a.state as attempt_state,
    a.echo_at is null as first_echo
from unnest(@idxs::integer[], @tenant_ids::uuid[], @tokens::uuid[], @hashes::bytea[])
    as u (idx, tenant_id, token, wamid_hash)
left join lateral (
    select * from attempt where tenant_id = u.tenant_id and token = u.token offset 0) a on true
left join lateral (
    select id from message
    where tenant_id = u.tenant_id and wamid_hash = u.wamid_hash and a.token is null offset 0) m on true;

-- :insert_events -> EventKept
-- The natural key makes a repeated webhook harmless: only new events come back.
insert into event (tenant_id, message_id, kind, at, key, ledger_id, data)
select u.tenant_id, u.message_id, u.kind, u.at, u.key, u.ledger_id, u.data
from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @kinds::text[], @ats::timestamptz[], @keys::bytea[],
    @ledger_ids::bigint[], @datas::jsonb[])
    as u (tenant_id, message_id, kind, at, key, ledger_id, data)
order by u.tenant_id, u.key
on conflict (tenant_id, key) where key is not null do nothing
returning tenant_id, key;

-- :lock_messages -> LockedMessage
-- Before anything of a message is written, and in one order for everybody: projectors and the recording of
-- outcomes touch attempts, outbox and message of the same sends and must never wait in a circle.
select m.tenant_id, m.id, m.state, m.rank, m.reason, m.reason_code
from (select * from unnest(@tenant_ids::uuid[], @ids::uuid[]) as u (tenant_id, id) order by 1, 2) u
cross join lateral (
    select tenant_id, id, state, rank, reason, reason_code from message
    where tenant_id = u.tenant_id and id = u.id for no key update) m;

-- :write_standings
update message m set state = u.state, rank = u.rank, reason = u.reason, reason_code = u.code,
    attention = u.attention, wamid = coalesce(m.wamid, u.wamid), wamid_hash = coalesce(m.wamid_hash, u.wamid_hash),
    accepted_at = coalesce(m.accepted_at, u.accepted_at), sent_at = coalesce(m.sent_at, u.sent_at),
    delivered_at = coalesce(m.delivered_at, u.delivered_at), read_at = coalesce(m.read_at, u.read_at),
    failed_at = coalesce(m.failed_at, u.failed_at)
from unnest(@tenant_ids::uuid[], @ids::uuid[], @states::text[], @ranks::smallint[], @reasons::text[],
    @codes::integer[], @attentions::boolean[], @wamids::text[], @hashes::bytea[], @accepted::timestamptz[],
    @sent::timestamptz[], @delivered::timestamptz[], @read::timestamptz[], @failed::timestamptz[])
    as u (tenant_id, id, state, rank, reason, code, attention, wamid, wamid_hash, accepted_at, sent_at,
        delivered_at, read_at, failed_at)
where m.tenant_id = u.tenant_id and m.id = u.id;

-- :note_echoes
update attempt a set echo_at = coalesce(a.echo_at, clock_timestamp())
from unnest(@tenant_ids::uuid[], @tokens::uuid[]) as u (tenant_id, token)
where a.tenant_id = u.tenant_id and a.token = u.token and a.echo_at is null;

-- :settle_attempts
-- An echo is proof of acceptance, whatever we believed before. One that was accepted since we looked only gets
-- the moment of its echo.
update attempt a set state = 'accepted', echo_at = coalesce(a.echo_at, clock_timestamp()),
    finished_at = coalesce(a.finished_at, clock_timestamp()), wamid_hash = coalesce(a.wamid_hash, u.wamid_hash)
from unnest(@tenant_ids::uuid[], @tokens::uuid[], @hashes::bytea[]) as u (tenant_id, token, wamid_hash)
where a.tenant_id = u.tenant_id and a.token = u.token and (a.state <> 'accepted' or a.echo_at is null);

-- :settle_outbox
delete from outbox o using unnest(@tenant_ids::uuid[], @message_ids::uuid[]) as u (tenant_id, message_id)
where o.tenant_id = u.tenant_id and o.message_id = u.message_id;
