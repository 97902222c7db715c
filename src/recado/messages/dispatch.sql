-- :busy_lanes -> LaneState
-- Own lanes that have something due, locked for this claim. The tenant's and the installation's switches are
-- share-locked: an operator's "stop" waits for running claims and no later claim can miss it (I12). After a
-- restore nothing leaves, nor on a server's new timeline before somebody has looked at it (app/epoch.py).
select l.tenant_id, l.number_id, l.rate_per_s, l.burst, l.pair_interval_s, l.pair_burst, l.tat, l.slow_factor,
    l.slow_until, l.fence, l.paused_reason is not null as probing,
    case when i.forced = 'clone' and t.mode = 'enabled' then 'dry_run' else t.mode end as mode, t.kind_stops,
    l.template_stops
from lane l
join unnest(@tenant_ids::uuid[], @number_ids::uuid[], @fences::bigint[]) as mine (tenant_id, number_id, fence)
    on mine.tenant_id = l.tenant_id and mine.number_id = l.number_id and mine.fence = l.fence
join tenant t on t.tenant_id = l.tenant_id
cross join installation i
where l.owner = @owner and l.lease_until > clock_timestamp()
  and not l.kill_switch and not l.platform_stop and not t.kill_switch and not t.platform_stop and not i.kill_switch and i.forced is distinct from 'restore'
  and case when i.timeline is null then true else i.timeline = (
    select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer) end
  and (l.paused_reason is null or l.paused_until <= @now)
  and exists (
    select 1 from unnest(array[0, 1, 2]::smallint[]) as p (priority)
    cross join lateral (
        select 1 from outbox o
        where o.tenant_id = l.tenant_id and o.number_id = l.number_id and o.priority = p.priority
          and o.state = 0 and o.due_at <= @now
        limit 1) due)
order by l.tenant_id, l.number_id
for no key update of l
for share of t, i;

-- :due_rows -> DueRow
-- Per lane and priority a short index range: flat however long the queue is.
select o.tenant_id, o.message_id, o.number_id, o.conversation_id, o.class as message_class, o.free_form,
    o.expires_at, o.tries, o.media_ref, o.fence, o.strict
from unnest(@tenant_ids::uuid[], @number_ids::uuid[], @quotas::integer[]) as lane (tenant_id, number_id, quota)
cross join lateral (
    select due.* from unnest(array[0, 1, 2]::smallint[]) as p (priority)
    cross join lateral (
        select q.* from outbox q
        where q.tenant_id = lane.tenant_id and q.number_id = lane.number_id and q.priority = p.priority
          and q.state = 0 and q.due_at <= @now
        order by q.due_at, q.message_id
        limit lane.quota
        for update skip locked) due
    order by p.priority
    limit lane.quota) o;

-- :details -> Detail
-- Apart from the claim on purpose: joined into it, the planner reads the whole message table at a million rows.
-- A claim never waits for a conversation: one that a projector holds is left for the next claim. Waiting here, with
-- the lane locked, is how claims, accepts and projectors came to wait for each other in a circle.
select m.id as message_id, m.content, m.context_wamid, m.contact_id, c.window_until, c.pair_tat,
    c.pair_blocked_until, c.pair_tries, m.recipient, m.kind,
    -- By an earlier one, or by whichever is on the wire: a reply that a person was asked about is overtaken, and
    -- when it is to be sent again the one that went past it comes first.
    o.ordered and exists (
        select 1 from outbox e
        where e.tenant_id = o.tenant_id and e.conversation_id = o.conversation_id and e.ordered
          and (e.state in (1, 2)
            or e.state = 0 and (e.since, e.message_id) < (o.since, o.message_id))) as blocked,
    -- Strict order: the one before was taken, and neither has it arrived nor is its time over.
    o.strict and exists (
        select 1 from strict_turn s join message b on b.tenant_id = s.tenant_id and b.id = s.message_id
        where s.tenant_id = o.tenant_id and s.conversation_id = o.conversation_id and s.message_id <> o.message_id
          and b.state in ('accepted', 'sent')
          and greatest(b.accepted_at, s.since) + make_interval(secs => s.wait_s) > @now) as turn_taken,
    -- The order makes the planner take the index of the message, also while the table has no statistics.
    coalesce((select a.n from attempt a where a.tenant_id = m.tenant_id and a.message_id = m.id
              order by a.n desc limit 1), 0) as attempts
from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @conversation_ids::uuid[])
    as u (tenant_id, message_id, conversation_id)
-- Laterals with an offset cannot be turned round: one look-up for each row, whatever a cached plan once believed
-- about the size of a young table (joined plainly, this statement read whole indexes: 30 ms instead of 1).
cross join lateral (
    select * from message where tenant_id = u.tenant_id and id = u.message_id offset 0) m
cross join lateral (
    select * from outbox where tenant_id = u.tenant_id and message_id = u.message_id offset 0) o
cross join lateral (
    select * from conversation where tenant_id = u.tenant_id and conversation_id = u.conversation_id
    for no key update skip locked) c;

-- :intend
-- The intent: attempt rows, outbox marked as sending, pair and lane pace advanced. Committed before any byte leaves.
with go as (
    select * from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @number_ids::uuid[], @tokens::uuid[],
        @ns::integer[], @fences::bigint[])
    as u (tenant_id, message_id, number_id, token, n, fence)
), tried as (
    insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, started_at)
    select tenant_id, token, message_id, number_id, n, fence, 'intent', clock_timestamp() from go
)
update outbox o set state = 1, token = go.token, tries = o.tries + 1, fence = o.fence + 1,
    lease_until = clock_timestamp() + make_interval(secs => @lease_s)
from go where o.tenant_id = go.tenant_id and o.message_id = go.message_id;

-- :take_turns
-- The primary key is the rule: one message of a conversation has the turn, and it changes hands only when the one
-- that has it arrived, failed or had its time. Fewer rows than turns asked for means that a claim was wrong.
insert into strict_turn as s (tenant_id, conversation_id, message_id, since, wait_s)
select u.tenant_id, u.conversation_id, u.message_id, @now, @wait_s
from unnest(@tenant_ids::uuid[], @conversation_ids::uuid[], @message_ids::uuid[])
    as u (tenant_id, conversation_id, message_id)
order by u.tenant_id, u.conversation_id
on conflict (tenant_id, conversation_id) do update
    set message_id = excluded.message_id, since = excluded.since, wait_s = excluded.wait_s
    where s.message_id = excluded.message_id or not exists (
        select 1 from message b
        where b.tenant_id = s.tenant_id and b.id = s.message_id and b.state in ('accepted', 'sent')
          and greatest(b.accepted_at, s.since) + make_interval(secs => s.wait_s) > @now);

-- :advance_lanes
-- A lane that is being tried again stays shut behind the one message that left, until its answer is known.
update lane l set tat = u.tat,
    slow_factor = case when l.slow_until <= @now then 1 else l.slow_factor end,
    paused_until = case when u.probing then @hold_until::timestamptz else l.paused_until end
from unnest(@tenant_ids::uuid[], @number_ids::uuid[], @tats::timestamptz[], @probing::boolean[])
    as u (tenant_id, number_id, tat, probing)
where l.tenant_id = u.tenant_id and l.number_id = u.number_id;

-- :advance_pairs
-- Accepting has just set `last_at`: leaving an indexed column alone keeps the update within its page.
update conversation c set pair_tat = u.tat,
    last_at = case when c.last_at < @now::timestamptz - interval '1 minute' then @now else c.last_at end
from unnest(@tenant_ids::uuid[], @conversation_ids::uuid[], @tats::timestamptz[])
    as u (tenant_id, conversation_id, tat)
where c.tenant_id = u.tenant_id and c.conversation_id = u.conversation_id;

-- :postpone
update outbox o set due_at = u.due_at
from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @dues::timestamptz[]) as u (tenant_id, message_id, due_at)
where o.tenant_id = u.tenant_id and o.message_id = u.message_id;

-- :finish_unsent
-- Skipped, expired, failed or simulated: closed without an attempt.
with done as (
    select * from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @states::text[], @reasons::text[],
        @attentions::boolean[])
    as u (tenant_id, message_id, state, reason, attention)
), gone as (
    delete from outbox o using done d where o.tenant_id = d.tenant_id and o.message_id = d.message_id
), closed as (
    update message m set state = d.state, reason = d.reason, attention = d.attention,
        failed_at = case when d.state in ('expired', 'failed') then @now else m.failed_at end
    from done d where m.tenant_id = d.tenant_id and m.id = d.message_id
)
insert into event (tenant_id, message_id, kind, at, data)
select tenant_id, message_id, 'message.' || state, @now,
    case when reason is null then null else jsonb_build_object('reason', reason) end
from done;

-- :hold_stopped
-- Out of the line, so that claims pay for it once however long the kind or the template stays stopped. Later ones
-- of the same conversation may go past: it is a person, or the provider, who decided that these wait.
with held as (
    update outbox o set state = 4
    from unnest(@tenant_ids::uuid[], @message_ids::uuid[], @reasons::text[]) as u (tenant_id, message_id, reason)
    where o.tenant_id = u.tenant_id and o.message_id = u.message_id
    returning o.tenant_id, o.message_id, o.conversation_id, u.reason
), shown as (
    update message m set state = 'held', reason = h.reason
    from held h where m.tenant_id = h.tenant_id and m.id = h.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.held', @now, jsonb_build_object('reason', reason) from held;
