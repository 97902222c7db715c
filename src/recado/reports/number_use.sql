-- :numbers_in_use -> NumberInUse
select p.number_id, p.external_id, p.display_phone, p.verified_name, p.provider, p.is_default, p.quality,
    p.provider_status, p.throughput, p.messaging_limit, p.name_status, p.checked_at, w.external_id as waba_external_id,
    w.name as waba_name, l.rate_per_s, l.burst, l.pair_interval_s, l.slow_factor, l.slow_until, l.kill_switch,
    l.platform_stop, l.stop_reason, l.paused_reason, l.paused_detail, l.paused_until, l.paused_at,
    l.owner is not null and l.lease_until > clock_timestamp() as leased,
    (select count(*)::integer from jsonb_object_keys(l.template_stops)) as templates_stopped
from phone_number p
join waba w on w.tenant_id = p.tenant_id and w.waba_id = p.waba_id
join lane l on l.tenant_id = p.tenant_id and l.number_id = p.number_id
where p.tenant_id = @tenant_id and (@number_id::uuid is null or p.number_id = @number_id)
order by p.is_default desc, p.created_at;

-- :line -> NumberLine
-- Counting ends early: nobody reads the difference between ten thousand and more.
select p.number_id, waiting.waiting, waiting.due, waiting.oldest_due, held.held
from phone_number p
cross join lateral (
    select count(*)::integer as waiting, (count(*) filter (where due_at <= @now))::integer as due,
        min(due_at) as oldest_due
    from (select o.due_at from unnest(array[0, 1, 2]::smallint[]) as pr (priority)
        cross join lateral (select q.due_at from outbox q where q.tenant_id = @tenant_id and q.number_id = p.number_id
            and q.priority = pr.priority and q.state = 0 order by q.due_at limit 10000) o) line) waiting
cross join lateral (
    select count(*)::integer as held from (
        select 1 from outbox h where h.tenant_id = @tenant_id and h.number_id = p.number_id and h.state in (2, 3, 4)
        limit 10000) line) held
where p.tenant_id = @tenant_id;

-- :used_since -> UsedSince
select number_id, measure, sum(messages)::bigint as messages from report_hour
where tenant_id = @tenant_id and hour >= @since and measure in ('asked', 'accepted', 'delivered', 'failed', 'received')
group by number_id, measure;

-- :tries -> Bar
-- What each number tried to send in steps of `step` seconds; a step stops counting at `most`.
select p.number_id, step.start, tries.tries
from phone_number p
cross join generate_series(@since::timestamptz, @now::timestamptz - interval '1 microsecond',
    make_interval(secs => @step)) as step (start)
cross join lateral (
    select count(*)::integer as tries from (
        select 1 from attempt a where a.tenant_id = @tenant_id and a.number_id = p.number_id
          and a.started_at >= step.start and a.started_at < least(step.start + make_interval(secs => @step), @now)
        limit @most) a) tries
where p.tenant_id = @tenant_id
order by p.number_id, step.start;

-- :reached -> Reached
-- Customers a template left for in the last 24 hours, for each account: what the provider's limit is measured by. Of
-- each number the last `look` tries are looked at; whoever has more has a limit far above them.
select w.external_id as waba_external_id, count(distinct m.contact_id)::integer as customers
from phone_number p
join waba w on w.tenant_id = p.tenant_id and w.waba_id = p.waba_id
cross join lateral (
    select message_id from attempt
    where tenant_id = @tenant_id and number_id = p.number_id and started_at >= @since
    order by started_at desc limit @look) a
cross join lateral (
    select contact_id, kind, accepted_at from message
    where tenant_id = @tenant_id and id = a.message_id offset 0) m
where p.tenant_id = @tenant_id and m.kind = 'template' and m.accepted_at is not null
group by w.external_id;

-- :incidents -> NumberIncident
-- The diary of switches, written by triggers: stops, pauses and changes of pace.
select seq, what, stops, was, at from switch_log
where tenant_id = @tenant_id and number_id = @number_id order by seq desc limit 30;

-- :templates_used -> TemplateUsed
select template, max(hour) as last_hour, sum(messages)::bigint as messages from report_hour
where tenant_id = @tenant_id and measure = 'asked' and template <> '' and hour >= @since
group by template;

-- :left_since
-- Full hours from the sums; the running one, which they count half a minute late, from the tries themselves.
select (select coalesce(sum(messages), 0)::bigint from report_hour
    where tenant_id = @tenant_id and hour >= @since and hour < @this_hour and measure = 'accepted')
  + (select coalesce(sum(now.accepted), 0)::bigint from phone_number p
    cross join lateral (
        select count(*) as accepted from (
            select 1 from attempt a where a.tenant_id = @tenant_id and a.number_id = p.number_id
              and a.started_at >= greatest(@this_hour, @since) and a.state = 'accepted' limit 20000) a) now
    where p.tenant_id = @tenant_id);

-- :limits -> AccountLimit
-- The provider's limit belongs to the account; numbers of one account repeat it.
select distinct w.external_id as waba_external_id, p.messaging_limit
from phone_number p join waba w on w.tenant_id = p.tenant_id and w.waba_id = p.waba_id
where p.tenant_id = @tenant_id and p.messaging_limit is not null;
