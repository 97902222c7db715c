-- :lock_messages
-- See status.sql: one order for everybody who writes about a send.
select m.id
from (select * from unnest(@tenant_ids::uuid[], @message_ids::uuid[]) as u (tenant_id, id) order by 1, 2) u
cross join lateral (
    select id from message
    where tenant_id = u.tenant_id and id = u.id for no key update) m;

-- :accepted
-- The provider took these. Facts about an attempt are written by its token whatever happened to the lease;
-- the message only ever moves up. One statement for the whole batch.
with took as (
    select * from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @tokens::uuid[], @wamids::text[],
        @hashes::bytea[], @notes::text[], @elapsed::integer[], @number_ids::uuid[])
    as u (tenant_id, message_id, token, wamid, wamid_hash, note, elapsed_ms, number_id)
), tried as (
    update attempt a set state = 'accepted', finished_at = clock_timestamp(), wamid_hash = t.wamid_hash,
        http_status = 200, elapsed_ms = t.elapsed_ms
    from took t where a.tenant_id = t.tenant_id and a.token = t.token and a.http_status is null
    returning a.tenant_id, a.token
), risen as (
    update message m set wamid = coalesce(m.wamid, t.wamid), wamid_hash = coalesce(m.wamid_hash, t.wamid_hash),
        accepted_at = coalesce(m.accepted_at, @now), rank = greatest(m.rank, 1),
        state = case when m.rank < 1 and m.state not in ('failed', 'skipped') then 'accepted' else m.state end,
        reason = case when m.rank < 1 and m.state not in ('failed', 'skipped') then null else m.reason end,
        attention = case when m.rank < 1 and m.state not in ('failed', 'skipped') then false else m.attention end
    from took t where m.tenant_id = t.tenant_id and m.id = t.message_id
), gone as (
    delete from outbox o using took t
    where o.tenant_id = t.tenant_id and o.message_id = t.message_id
)
insert into event (tenant_id, message_id, kind, at, data)
select tenant_id, message_id, 'provider.accepted', @now,
    case when note is null then null else jsonb_build_object('message_status', note) end
from took join tried using (tenant_id, token);

-- :lanes_recovered
-- Only a message that left after the pause proves anything: what was on the wire before is no news.
update lane l set paused_reason = null, paused_detail = null, paused_until = null, paused_at = null
from unnest(@tenant_ids::uuid[], @number_ids::uuid[]) as u (tenant_id, number_id)
where l.tenant_id = u.tenant_id and l.number_id = u.number_id and l.paused_reason is not null
  and l.paused_until is not null
  and exists (
    select 1 from attempt a
    where a.tenant_id = l.tenant_id and a.token = any(@tokens::uuid[]) and a.number_id = l.number_id
      and a.started_at > l.paused_at);

-- :pairs_recovered
update conversation c set pair_tries = 0, pair_blocked_until = null
from unnest(@tenant_ids::uuid[], @conversation_ids::uuid[]) as u (tenant_id, conversation_id)
where c.tenant_id = u.tenant_id and c.conversation_id = u.conversation_id and c.pair_tries > 0;

-- :close_attempt
update attempt set state = case when state = 'accepted' then state else @state end,
    finished_at = clock_timestamp(),
    doubt_at = case when @state = 'in_doubt' then clock_timestamp() else doubt_at end,
    reason = @reason, code = @code, detail = @detail, http_status = @http_status, elapsed_ms = @elapsed_ms,
    answer = @answer, soft = @soft, no_id = @no_id
where tenant_id = @tenant_id and token = @token and state in ('intent', 'in_doubt');

-- :requeue
-- Only while this very attempt is the open one: a zombie's late word must not disturb its successor. A person who
-- was asked meanwhile has nothing left to decide.
with again as (
    update outbox set state = 0, token = null, lease_until = null, due_at = @due_at
    where tenant_id = @tenant_id and message_id = @message_id and token = @token and state in (1, 2, 3)
    returning tenant_id, message_id
)
update message m set state = 'queued', reason = null, reason_detail = null, attention = false
from again a where m.tenant_id = a.tenant_id and m.id = a.message_id and m.rank = 0 and m.state = 'needs_decision';

-- :keep_in_doubt
update outbox set state = 2, lease_until = null
where tenant_id = @tenant_id and message_id = @message_id and token = @token and state = 1;

-- :hold_for_template
-- The provider stopped its template, and our copy did not know: out of the line, as if the claim had held it.
with held as (
    update outbox set state = 4, token = null, lease_until = null
    where tenant_id = @tenant_id and message_id = @message_id and token = @token and state in (1, 2, 3)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'held', reason = @reason, reason_detail = null, attention = false
    from held h where m.tenant_id = h.tenant_id and m.id = h.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.held', @now, jsonb_build_object('reason', @reason::text)
from held;

-- :drop_outbox
delete from outbox
where tenant_id = @tenant_id and message_id = @message_id and token = @token and state in (1, 2, 3);

-- :set_message
update message set state = @state, reason = @reason, reason_code = @code, reason_detail = @detail,
    attention = @attention,
    failed_at = case when @state in ('rejected', 'failed', 'expired') then @now else failed_at end
where tenant_id = @tenant_id and id = @message_id and rank = 0;

-- :block_pair
update conversation set pair_tries = pair_tries + 1, pair_blocked_until = @until
where tenant_id = @tenant_id and conversation_id = @conversation_id;

-- :overdue -> Overdue
-- Workers that vanished after the intent: nobody knows what the provider saw.
update outbox set state = 2, lease_until = null
where (tenant_id, message_id) in (
    select tenant_id, message_id from outbox
    where state = 1 and lease_until < clock_timestamp()
    order by tenant_id, message_id limit 500 for update skip locked)
returning tenant_id, message_id, token;

-- :orphan_intents
-- A late echo of an earlier try settled the message while this try was on the wire, and its worker vanished:
-- no outbox row is left to rescue, and nothing may be sent again; only the attempt's own story is completed.
update attempt a set state = 'in_doubt', doubt_at = clock_timestamp(), reason = @reason
where a.state = 'intent' and a.started_at < clock_timestamp() - make_interval(secs => @older_s)
  and not exists (
      select 1 from outbox o
      where o.tenant_id = a.tenant_id and o.message_id = a.message_id and o.token = a.token);

-- :doubt_overdue
with lost as (
    select * from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @tokens::uuid[])
    as u (tenant_id, message_id, token)
), tried as (
    update attempt a set state = 'in_doubt', doubt_at = clock_timestamp(), reason = @reason
    from lost l where a.tenant_id = l.tenant_id and a.token = l.token and a.state = 'intent'
), shown as (
    update message m set state = 'in_doubt', reason = @reason
    from lost l where m.tenant_id = l.tenant_id and m.id = l.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, kind, at, data)
select tenant_id, message_id, 'provider.in_doubt', @now, jsonb_build_object('reason', @reason::text) from lost;
