-- :begin_span
insert into receiver_span (span_id) values (@span_id);

-- :beat -> SpanAlive
-- Refuses to bridge a pause: a receiver that was away longer than the tolerance starts a new span.
update receiver_span set last_beat_at = clock_timestamp()
where span_id = @span_id and stopped_at is null
  and last_beat_at > clock_timestamp() - make_interval(secs => @tolerance_s)
returning span_id;

-- :end_span
update receiver_span set stopped_at = clock_timestamp(), last_beat_at = clock_timestamp()
where span_id = @span_id and stopped_at is null
  and last_beat_at > clock_timestamp() - make_interval(secs => @tolerance_s);

-- :taint
insert into receiver_taint (from_at, to_at, reason) select clock_timestamp(), clock_timestamp(), u.reason
from unnest(@reasons::text[]) as u (reason);

-- :trust -> Trust
-- The moment since which every webhook sent to us was provably answered with 200. Gaps are computed over the
-- whole series first and only then compared: filtering first once hid old gaps and let duplicates through.
with span as (
    select started_at, coalesce(stopped_at, last_beat_at) as end_at,
        stopped_at is null and last_beat_at >= clock_timestamp() - make_interval(secs => @tolerance_s) as alive,
        stopped_at is null and last_beat_at < clock_timestamp() - make_interval(secs => @tolerance_s) as fell
    from receiver_span
), series as (
    select started_at, end_at,
        max(end_at) over (order by started_at, end_at rows between unbounded preceding and 1 preceding) as covered
    from span
), gap as (
    select max(started_at) as to_at from series
    where covered is null or started_at > covered + make_interval(secs => @tolerance_s)
    union all
    select max(end_at + make_interval(secs => @tolerance_s)) from span where fell
    union all
    select max(to_at) from receiver_taint
), backlog as (
    select coalesce(extract(epoch from clock_timestamp() - min(w.next_at)), 0) as lag_s
    from (select next_at from ledger_work where state = 0 and tries = 0 order by next_at, ledger_id limit 1) w
)
select clock_timestamp() as now, (select max(to_at) from gap) as since,
    exists (select 1 from span where alive) as alive, (select lag_s from backlog)::float8 as lag_s;

-- :forget_old
with old as (delete from receiver_span where last_beat_at < @before)
delete from receiver_taint where to_at < @before;
