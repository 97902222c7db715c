-- :doubtful -> Doubt
-- Those first that nobody looked at for longest; each is looked at once before any is looked at again. Chosen apart
-- from the update: inside it a plan may run the choice once for every row, and the limit means nothing (seen on
-- 2026-11-22: seven instead of two). Whether echoes are proven is read here: an attempt of the same lane that started
-- after this one fell into doubt has come back as a webhook, and that was some time ago.
with next as materialized (
    select tenant_id, message_id from outbox
    where state = 2 and looked_at <= clock_timestamp() - make_interval(secs => @again_s)
    order by looked_at, tenant_id, message_id limit @most
    for update skip locked
), picked as (
    update outbox q set looked_at = clock_timestamp()
    from next
    where q.tenant_id = next.tenant_id and q.message_id = next.message_id
    returning q.tenant_id, q.message_id, q.number_id, q.conversation_id, q.class, q.expires_at, q.token
)
select o.tenant_id, o.message_id, o.number_id, o.conversation_id, o.class as message_class, o.expires_at, a.token,
    a.n, a.started_at, a.doubt_at, a.waited_from, a.probed_at, a.soft, a.no_id, m.created_at, m.recipient,
    p.token as proof_token,
    p.echo_at as proof_echo_at, clock_timestamp() as now
from picked o
join attempt a on a.tenant_id = o.tenant_id and a.token = o.token
join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
left join lateral (
    select e.token, e.echo_at from attempt e
    where e.tenant_id = a.tenant_id and e.number_id = a.number_id and e.started_at > a.doubt_at
      and e.echo_at <= clock_timestamp() - make_interval(secs => @proof_s)
    order by e.started_at limit 1) p on true
where a.state = 'in_doubt'
order by o.tenant_id, o.message_id;

-- :echo_delay -> EchoDelay
-- How slow this lane's echoes have been lately: the wait is three times the slowest thousandth. An outage of last
-- month says nothing about today, however few messages there were since.
select coalesce(percentile_disc(0.999) within group (order by extract(epoch from d.echo_at - d.started_at)), 0)::float8
    as p999_s
from (select echo_at, started_at from attempt
      where tenant_id = @tenant_id and number_id = @number_id and echo_at is not null
        and started_at > clock_timestamp() - interval '7 days'
      order by started_at desc limit 1000) d;

-- :presume_lost
-- The proof is kept with the attempt for ever: I8.
with lost as (
    update attempt set state = 'presumed_lost', finished_at = clock_timestamp(), proof = @proof
    where tenant_id = @tenant_id and token = @token and state = 'in_doubt'
    returning tenant_id, message_id
), again as (
    update outbox o set state = 0, token = null, lease_until = null, due_at = @due_at
    from lost l where o.tenant_id = l.tenant_id and o.message_id = l.message_id and o.state in (2, 3)
    returning o.tenant_id, o.message_id
)
update message m set state = 'queued', reason = 'presumed_lost', attention = false
from again g where m.tenant_id = g.tenant_id and m.id = g.message_id and m.rank = 0;

-- :mark_probed
update attempt set probed_at = clock_timestamp()
where tenant_id = @tenant_id and token = @token and state = 'in_doubt';

-- :rivals -> Rivals
-- Other undecided tries to the same person by the same number: one entry cannot say which of them it is.
select count(*) as rivals from attempt a join message m on m.tenant_id = a.tenant_id and m.id = a.message_id
where a.tenant_id = @tenant_id and a.number_id = @number_id and a.token <> @token
  and a.state in ('intent', 'in_doubt') and m.recipient = @recipient;

-- :wamid_known -> WamidKnown
select id from message where tenant_id = @tenant_id and wamid_hash = any(@hashes::bytea[]);

-- :ask_person
with asked as (
    update outbox set state = 3 where tenant_id = @tenant_id and message_id = @message_id and state = 2
    returning tenant_id, message_id
)
update message m set state = 'needs_decision', reason = 'needs_decision', reason_detail = @why, attention = true
from asked a where m.tenant_id = a.tenant_id and m.id = a.message_id and m.rank = 0;

-- :expire_in_doubt
with gone as (
    delete from outbox where tenant_id = @tenant_id and message_id = @message_id and state in (2, 3)
    returning tenant_id, message_id
)
update message m set state = 'expired_in_doubt', reason = 'expired_in_doubt', attention = true, failed_at = @now
from gone g where m.tenant_id = g.tenant_id and m.id = g.message_id and m.rank = 0;

-- :expired_decisions -> ExpiredDecision
select tenant_id, message_id from outbox
where state = 3 and expires_at <= clock_timestamp() order by tenant_id, message_id limit 200
for update skip locked;

-- :undecided -> Undecided
select o.state, o.token, o.expires_at, o.conversation_id, a.n, a.started_at
from outbox o join attempt a on a.tenant_id = o.tenant_id and a.token = o.token
where o.tenant_id = @tenant_id and o.message_id = @message_id and o.state in (2, 3)
for update of o;

-- :wait_more
-- Others of its conversation may have overtaken it meanwhile: it holds nobody up any more, and keeps no place in line.
with again as (
    update outbox set state = 2, ordered = false where tenant_id = @tenant_id and message_id = @message_id and state = 3
    returning tenant_id, message_id, token
), later as (
    update attempt a set waited_from = clock_timestamp()
    from again g where a.tenant_id = g.tenant_id and a.token = g.token
)
update message m set state = 'in_doubt', reason = 'in_doubt_no_answer', attention = false
from again g where m.tenant_id = g.tenant_id and m.id = g.message_id and m.rank = 0;

-- :abandon
with gone as (
    delete from outbox where tenant_id = @tenant_id and message_id = @message_id and state in (2, 3)
    returning tenant_id, message_id
)
update message m set state = 'discarded', reason = 'decision_abandoned', attention = false
from gone g where m.tenant_id = g.tenant_id and m.id = g.message_id and m.rank = 0;

-- :accepted_tries -> AcceptedTries
select u.id as message_id, a.tries
from unnest(@ids::uuid[]) as u (id)
cross join lateral (
    select count(*) as tries from attempt
    where tenant_id = @tenant_id and message_id = u.id and state = 'accepted') a
where a.tries > 1;

-- :open_incident
insert into incident (tenant_id, kind, message_id, at, data)
values (@tenant_id, @kind, @message_id, @now, @data)
on conflict (tenant_id, kind, message_id) where message_id is not null do nothing
returning message_id;

-- :clock
select clock_timestamp();
