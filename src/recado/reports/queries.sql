-- :tenants -> TenantSeen
select tenant_id, timezone from tenant order by tenant_id;

-- :take_mark -> Mark
-- One worker at a time follows a company's diary.
select seq, swept_at, zone from report_mark where tenant_id = @tenant_id for update skip locked;

-- :first_mark
insert into report_mark (tenant_id, seq, at) values (@tenant_id, 0, clock_timestamp())
on conflict (tenant_id) do nothing;

-- :follow -> Followed
-- Every change of a message leaves a line in the diary, and a message's id says in which hour it was asked for.
-- `settled` is as far as nobody can still commit an earlier line: the last two minutes are read again next time.
with news as (
    select seq, message_id, recorded_at from event
    where tenant_id = @tenant_id and seq > @seq order by seq limit @most
), marked as (
    insert into report_due (tenant_id, hour, marked_at)
    select @tenant_id, changed.hour, clock_timestamp()
    from (
        select distinct date_trunc('hour', to_timestamp(
            ('x' || substr(replace(message_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000), 'UTC') as hour
        from news where message_id is not null) changed
    on conflict (tenant_id, hour) do update set marked_at = excluded.marked_at
)
select count(*) as events, max(seq) as last_seq,
    coalesce(min(seq) filter (where recorded_at >= clock_timestamp() - interval '2 minutes') - 1, max(seq)) as settled
from news;

-- :move_mark
update report_mark set seq = @seq, at = clock_timestamp() where tenant_id = @tenant_id;

-- :sweep
-- Once a day all of the last days, whatever the diary said.
with swept as (update report_mark set swept_at = @now where tenant_id = @tenant_id)
insert into report_due (tenant_id, hour, marked_at)
select @tenant_id, u.hour, clock_timestamp()
from unnest(@hours::timestamptz[], @from_ids::uuid[], @to_ids::uuid[]) as u (hour, from_id, to_id)
where exists (
    select 1 from message m where m.tenant_id = @tenant_id and m.id >= u.from_id and m.id < u.to_id limit 1)
on conflict (tenant_id, hour) do update set marked_at = excluded.marked_at;

-- :new_zone
-- Days begin elsewhere now: every hour there is goes into other days.
with noted as (update report_mark set zone = @zone where tenant_id = @tenant_id),
gone as (delete from report_day where tenant_id = @tenant_id)
insert into report_due (tenant_id, hour, marked_at)
select distinct @tenant_id::uuid, hour, now() from report_hour where tenant_id = @tenant_id
on conflict (tenant_id, hour) do update set marked_at = excluded.marked_at;

-- :take_due -> Due
-- The newest first: people look at today.
select tenant_id, hour from report_due
where tenant_id = @tenant_id order by hour desc limit 1
for update skip locked;

-- :count_slice -> Counted
-- The one place that says what is counted: each message of a short stretch of ids, once per measure. Alike ones are
-- put together first: what is looked at eleven times is a few hundred sorts of messages, not the messages.
select number_id, template, measure, detail, sum(messages)::bigint as messages
from (
    select m.number_id, coalesce(m.content #>> '{template,name}', '') as template, m.direction, m.kind, m.state,
        m.rank, coalesce(m.reason, '') as reason, m.accepted_at is not null as accepted, d.step,
        count(*) as messages
    from message m
    cross join lateral (
        select extract(epoch from m.delivered_at - greatest(m.created_at, m.scheduled_at))::float8 as s) delay
    -- Steps of a tenth: the delay is known within five hundredths of itself.
    cross join lateral (
        -- `least` passes over null: what was not delivered has no delay.
        select case when delay.s is null then null when delay.s <= 1 then 0
            else ceil(ln(least(delay.s, 2592000)) / ln(1.1::float8))::integer end as step) d
    where m.tenant_id = @tenant_id and m.id >= @from_id and m.id < @to_id and m.direction in ('out', 'in')
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
) m
cross join lateral (
    values
        ('received', kind, direction = 'in'),
        ('asked', kind, direction = 'out'),
        ('accepted', '', direction = 'out' and (rank >= 1 or accepted)),
        ('delivered', '', direction = 'out' and rank >= 3),
        ('read', '', direction = 'out' and rank >= 4),
        ('failed', reason, direction = 'out' and state in ('rejected', 'failed', 'expired', 'expired_in_doubt')),
        ('skipped', reason, direction = 'out' and state = 'skipped'),
        ('simulated', '', direction = 'out' and state = 'simulated'),
        ('cancelled', '', direction = 'out' and state in ('cancelled', 'discarded')),
        ('waiting', '', direction = 'out' and state in ('scheduled', 'queued', 'held', 'claimed', 'sending',
            'in_doubt', 'needs_decision')),
        ('delay', step::text, direction = 'out' and step is not null)
) as fact (measure, detail, holds)
where holds
group by number_id, template, measure, detail;

-- :clear_hour
delete from report_hour where tenant_id = @tenant_id and hour = @hour;

-- :write_hour
insert into report_hour (tenant_id, hour, number_id, template, measure, detail, messages)
select @tenant_id, @hour, u.number_id, u.template, u.measure, u.detail, u.messages
from unnest(@number_ids::uuid[], @templates::text[], @measures::text[], @details::text[], @counts::bigint[])
    as u (number_id, template, measure, detail, messages);

-- :alone_with_days
select pg_advisory_xact_lock(hashtextextended('recado.report_day ' || @tenant_id::uuid::text, 0));

-- :clear_day
delete from report_day where tenant_id = @tenant_id and day = (@hour::timestamptz at time zone @zone)::date;

-- :write_day
insert into report_day (tenant_id, day, number_id, template, measure, detail, zone, messages)
select tenant_id, day.here, number_id, template, measure, detail, @zone, sum(messages)::bigint
from (select (@hour::timestamptz at time zone @zone)::date as here) day
join report_hour on tenant_id = @tenant_id
    and hour >= day.here::timestamp at time zone @zone and hour < (day.here + 1)::timestamp at time zone @zone
group by tenant_id, day.here, number_id, template, measure, detail;

-- :done
delete from report_due where tenant_id = @tenant_id and hour = @hour;

-- :still_due
select count(*) from report_due where tenant_id = @tenant_id and hour >= @since and hour < @until;

-- :by_time -> TimeSum
select date_trunc(@step, hour at time zone @zone) as start, measure, case when measure = 'delay' then detail else ''
    end as detail, sum(messages)::bigint as messages
from report_hour
where tenant_id = @tenant_id and hour >= @since and hour < @until
  and (@number_id::uuid is null or number_id = @number_id) and (@template::text is null or template = @template)
group by 1, 2, 3 order by 1;

-- :by_source -> SourceSum
select number_id, template, measure, detail, sum(messages)::bigint as messages
from report_hour
where tenant_id = @tenant_id and hour >= @since and hour < @until
  and (@number_id::uuid is null or number_id = @number_id) and (@template::text is null or template = @template)
group by 1, 2, 3, 4;

-- :days_by_time -> TimeSum
select day::timestamp as start, measure, case when measure = 'delay' then detail else '' end as detail,
    sum(messages)::bigint as messages
from report_day
where tenant_id = @tenant_id and day >= @first and day <= @last and zone = @zone
  and (@number_id::uuid is null or number_id = @number_id) and (@template::text is null or template = @template)
group by 1, 2, 3 order by 1;

-- :days_by_source -> SourceSum
select number_id, template, measure, detail, sum(messages)::bigint as messages
from report_day
where tenant_id = @tenant_id and day >= @first and day <= @last and zone = @zone
  and (@number_id::uuid is null or number_id = @number_id) and (@template::text is null or template = @template)
group by 1, 2, 3, 4;

-- :known_templates -> TemplateSeen
select distinct template from report_day
where tenant_id = @tenant_id and day >= @first and template <> '' order by template limit 500;
