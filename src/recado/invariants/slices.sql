-- What grows with the house, looked at in slices: a range of message ids of one tenant, or a stretch of time of
-- one lane. Each statement is one snapshot, so a slice is judged as it was at one instant, and no long
-- transaction holds the vacuum back. Joins are laterals that nothing can turn round.

-- :next_slice
select count(*) as messages, (array_agg(id order by id desc))[1] as upto
from (select id from message where tenant_id = @tenant_id and id > @after order by id limit @size) slice;

-- :standings
-- Everything known of a slice's messages is put in one heap and sorted by message. Nothing is joined, so each table is
-- read once, whatever is known about it: a plan made for an empty table read it once for every message (25 s for 3,000).
select direction, scheduled, state, rank, outbox_state, states[array_position(tokens, outbox_token)] as token_state,
    coalesce(kinds, '{}') as kinds, coalesce(states, '{}') as attempts, count(*) as messages,
    (array_agg(id))[1:20] as ids
from (
    select id, max(direction) as direction, bool_or(scheduled) as scheduled, max(state) as state, max(rank) as rank,
        max(outbox_state) as outbox_state, (array_agg(token) filter (where outbox_state is not null))[1] as outbox_token,
        array_agg(kind order by place) filter (where kind is not null) as kinds,
        array_agg(attempt order by place) filter (where attempt is not null) as states,
        array_agg(token order by place) filter (where attempt is not null) as tokens
    from (
        select id, direction, coalesce(scheduled_at > created_at, false) as scheduled, state, rank,
            null::smallint as outbox_state, null::uuid as token, null as kind, null as attempt, 0::bigint as place
        from message where tenant_id = @tenant_id and id > @after and id <= @upto
        union all
        select message_id, null, null, null, null, null, null,
            case when kind = 'status.failed' then kind || ':' || coalesce(data #>> '{errors,0,code}', '') else kind end,
            null, seq
        from event where tenant_id = @tenant_id and message_id > @after and message_id <= @upto
        union all
        select message_id, null, null, null, null, null, token, null, state, n
        from attempt where tenant_id = @tenant_id and message_id > @after and message_id <= @upto
        union all
        select message_id, null, null, null, null, state, token, null, null, 0
        from outbox where tenant_id = @tenant_id and message_id > @after and message_id <= @upto) fact
    group by id having count(direction) > 0) one
group by direction, scheduled, state, rank, outbox_state, token_state, kinds, attempts;

-- :accepted_twice
select a.tenant_id, a.message_id, count(*) as accepted, count(*) over () as found from attempt a
where a.tenant_id = @tenant_id and a.message_id > @after and a.message_id <= @upto and a.state = 'accepted'
group by a.tenant_id, a.message_id
having count(*) > 1 and not exists (
    select 1 from incident i
    where i.tenant_id = a.tenant_id and i.message_id = a.message_id and i.kind = 'duplicate_detected')
limit @most;

-- :lost_without_proof
-- The proof is judged again by the figures it names: the door was trusted since before the send, cool-down included,
-- silence lasted for the window, and a later attempt of the lane had come back as an echo. Or a person decided, by
-- name.
select a.tenant_id, a.message_id, a.token, a.proof ->> 'rule' as rule, count(*) over () as found
from attempt a
left join lateral (
    select started_at, echo_at from attempt
    where tenant_id = @tenant_id and number_id = a.number_id
      and token = case when a.proof ->> 'watermark_attempt' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
          then (a.proof ->> 'watermark_attempt')::uuid end offset 0) w on true
where a.tenant_id = @tenant_id and a.message_id > @after and a.message_id <= @upto
  and (a.state = 'presumed_lost' or a.proof is not null)
  and not coalesce(case a.proof ->> 'rule'
    when 'decision' then length(a.proof ->> 'by') > 0
    else a.proof ->> 'rule' in ('window', 'soft')
        and (a.proof ->> 'trusted_since')::timestamptz + make_interval(secs => (a.proof ->> 'cooldown_s')::float8)
            < a.started_at - make_interval(secs => coalesce((a.proof ->> 'before_s')::float8, 5))
        and w.started_at > a.doubt_at and w.echo_at < (a.proof ->> 'judged_at')::timestamptz
        and (a.proof ->> 'judged_at')::timestamptz >= a.doubt_at + case a.proof ->> 'rule'
            when 'window' then make_interval(secs => (a.proof ->> 'window_s')::float8) else interval '0' end
    end, false)
limit @most;

-- :started_too_early
-- A try is settled when its outcome was written, or when it was judged lost: a late answer changes the outcome,
-- not the moment. A person's judgement carries the clock of another machine.
select tenant_id, message_id, token, n, count(*) over () as found
from (
    select a.tenant_id, a.message_id, a.token, a.n, a.started_at,
        lag(case when a.proof is null then coalesce(a.finished_at, 'infinity')
            when a.proof ->> 'rule' = 'decision' then (a.proof ->> 'judged_at')::timestamptz - interval '5 seconds'
            else (a.proof ->> 'judged_at')::timestamptz end) over (partition by a.message_id order by a.n) as settled,
        lag(a.state) over (partition by a.message_id order by a.n) as earlier
    from attempt a
    where a.tenant_id = @tenant_id and a.message_id > @after and a.message_id <= @upto) try
where earlier in ('intent', 'in_doubt') or settled > started_at
limit @most;

-- :sent_after_cancel
select a.tenant_id, a.message_id, a.token, count(*) over () as found
from event e
cross join lateral (
    select * from attempt where tenant_id = @tenant_id and message_id = e.message_id offset 0) a
where e.tenant_id = @tenant_id and e.message_id > @after and e.message_id <= @upto and e.kind = 'message.cancelled'
  and a.started_at > e.recorded_at
limit @most;

-- :stored_twice
select m.tenant_id, m.id as message_id, m.direction, count(*) over () as found from message m
where m.tenant_id = @tenant_id and m.id > @after and m.id <= @upto and m.wamid_hash is not null and (
    select true from message other
    where other.tenant_id = @tenant_id and other.wamid_hash = m.wamid_hash and other.id <> m.id
      and other.direction = m.direction limit 1)
limit @most;

-- :next_attempt
select min(started_at) from attempt
where tenant_id = @tenant_id and number_id = @number_id and started_at >= @from_at;

-- :lane_too_fast
-- GCRA over all windows at once. With x = (place in line) - (time x rate), a stretch from i to j holds
-- x[j] - x[i] + 1 sends more than the rate allows; that may never exceed the burst. Five per cent and one
-- second's worth are left for the way from the claim's clock to the row.
select tenant_id, number_id, token, started_at, count(*) over () as found
from (
    select *, x - min(x) over (order by started_at, token rows unbounded preceding) + 1 as depth
    from (
        select a.tenant_id, a.number_id, a.token, a.started_at, pace.rate, pace.burst,
            row_number() over (order by a.started_at, a.token)
                - extract(epoch from a.started_at - @from_at)::float8 * pace.rate * 1.05 as x
        from attempt a cross join (
            select greatest(l.rate_per_s, (
                    select max(s.was::float8) from switch_log s where s.tenant_id = @tenant_id
                        and s.number_id = @number_id and s.what = 'rate_per_s' and s.at >= @from_at)) as rate,
                greatest(l.burst::float8, (
                    select max(s.was::float8) from switch_log s where s.tenant_id = @tenant_id
                        and s.number_id = @number_id and s.what = 'burst' and s.at >= @from_at)) as burst
            from lane l where l.tenant_id = @tenant_id and l.number_id = @number_id) pace
        where a.tenant_id = @tenant_id and a.number_id = @number_id and a.started_at >= @from_at
          and a.started_at < @to_at) line) shot
where depth > burst + rate * @jitter_s + 0.01
limit @most;

-- :pair_too_fast
select tenant_id, conversation_id, token, started_at, count(*) over () as found
from (
    select *, x - min(x) over (partition by conversation_id order by started_at, token rows unbounded preceding)
        + 1 as depth
    from (
        select a.tenant_id, m.conversation_id, a.token, a.started_at, pace.rate, pace.burst,
            row_number() over (partition by m.conversation_id order by a.started_at, a.token)
                - extract(epoch from a.started_at - @from_at)::float8 * pace.rate * 1.05 as x
        from attempt a
        cross join lateral (
            select conversation_id from message where tenant_id = @tenant_id and id = a.message_id offset 0) m
        cross join (
            select 1 / nullif(least(l.pair_interval_s, (
                    select min(s.was::float8) from switch_log s where s.tenant_id = @tenant_id
                        and s.number_id = @number_id and s.what = 'pair_interval_s' and s.at >= @from_at)), 0) as rate,
                greatest(l.pair_burst::float8, (
                    select max(s.was::float8) from switch_log s where s.tenant_id = @tenant_id
                        and s.number_id = @number_id and s.what = 'pair_burst' and s.at >= @from_at)) as burst
            from lane l where l.tenant_id = @tenant_id and l.number_id = @number_id) pace
        where a.tenant_id = @tenant_id and a.number_id = @number_id and a.started_at >= @from_at
          and a.started_at < @to_at and pace.rate is not null) line) shot
where depth > burst + rate * @jitter_s + 0.01
limit @most;

-- :overtaken
-- Replies of one conversation: nobody leaves while an earlier one is on the wire or in doubt. A person's word,
-- or the question put to one, ends the waiting.
select tenant_id, conversation_id, message_id, token, count(*) over () as found
from (
    select *, max(settled) over (
        partition by conversation_id order by started_at, token rows between unbounded preceding and 1 preceding)
        as busy_until
    from (
        select a.tenant_id, m.conversation_id, a.message_id, a.token, a.started_at, least(
            case when a.proof is null then coalesce(a.finished_at, 'infinity')
                else (a.proof ->> 'judged_at')::timestamptz end,
            (select min(e.recorded_at) from event e
             where e.tenant_id = a.tenant_id and e.message_id = a.message_id and e.recorded_at > a.started_at
               and e.kind in ('message.needs_decision', 'decision.resend', 'decision.abandon',
                   'message.expired_in_doubt', 'status.sent', 'status.delivered', 'status.read',
                   'status.failed'))) as settled
        from attempt a cross join lateral (
            select conversation_id, kind, class from message
            where tenant_id = @tenant_id and id = a.message_id offset 0) m
        where a.tenant_id = @tenant_id and a.number_id = @number_id and a.started_at >= @from_at
          and a.started_at < @to_at and m.class = 'session') one) line
where busy_until > started_at + interval '5 milliseconds'
limit @most;

-- :sent_while_stopped
-- From the moment a switch took hold until it was changed again. `mode` is a switch too.
with stop as (
    select s.at as from_at, coalesce((
        select min(n.at) from switch_log n
        where n.tenant_id = s.tenant_id and n.number_id is not distinct from s.number_id and n.what = s.what
          and n.seq > s.seq), 'infinity') as to_at, s.what
    from switch_log s
    where s.stops and s.what = any(@whats::text[])
      and (s.tenant_id = '00000000-0000-0000-0000-000000000000'
        or (s.tenant_id = @tenant_id and (s.number_id is null or s.number_id = @number_id)))
)
select a.tenant_id, a.message_id, a.token, a.started_at, stop.what, count(*) over () as found
from attempt a join stop on a.started_at > stop.from_at and a.started_at < stop.to_at
where a.tenant_id = @tenant_id and a.number_id = @number_id and a.started_at >= @from_at and a.started_at < @to_at
limit @most;

-- :outside_window
-- Free text needs the person's words of the last 24 hours. What they wrote is found by the time in the ids; the
-- provider's clock may be five minutes ahead of ours.
select line.tenant_id, line.message_id, line.token, line.at as started_at, count(*) over () as found
from (
    select *, max(heard) over (partition by conversation_id order by at, token nulls first) as last_heard
    from (
        select a.tenant_id, m.conversation_id, a.message_id, a.token, a.started_at as at, null::timestamptz as heard
        from attempt a cross join lateral (
            select conversation_id, kind, class from message
            where tenant_id = @tenant_id and id = a.message_id offset 0) m
        where a.tenant_id = @tenant_id and a.number_id = @number_id and a.started_at >= @from_at
          and a.started_at < @to_at and m.kind <> 'template'
        union all
        select m.tenant_id, m.conversation_id, null, null, m.at - interval '5 minutes', m.at
        from message m
        where m.tenant_id = @tenant_id and m.id >= @first_id and m.id < @last_id and m.direction = 'in'
          and m.number_id = @number_id) both_ways) line
cross join lateral (
    select window_until, last_inbound_at from conversation
    where tenant_id = @tenant_id and conversation_id = line.conversation_id offset 0) c
where line.token is not null
  and (line.last_heard is null or line.at > line.last_heard + interval '24 hours')
  and not (c.window_until > line.at and (c.last_inbound_at is null or c.last_inbound_at <= line.at + interval '5 minutes'))
limit @most;
