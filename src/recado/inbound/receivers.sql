-- :begin_span
insert into receiver_span (span_id) values (@span_id);

-- :beat -> SpanAlive
-- Refuses to bridge a pause: a receiver that was away longer than the tolerance starts a new span.
update receiver_span set last_beat_at = clock_timestamp()
where span_id = @span_id and stopped_at is null
  and last_beat_at > clock_timestamp() - make_interval(secs => @tolerance_s)
returning span_id;

-- :end_span
-- At its last beat, not now: between the two the door may already have been shut.
update receiver_span set stopped_at = last_beat_at
where span_id = @span_id and stopped_at is null
  and last_beat_at > clock_timestamp() - make_interval(secs => @tolerance_s);

-- :taint
insert into receiver_taint (from_at, to_at, reason) select clock_timestamp(), clock_timestamp(), u.reason
from unnest(@reasons::text[]) as u (reason);

-- :trust -> Trust
-- The moment since which every webhook sent to us was provably answered with 200. Gaps are computed over the
-- whole series first and only then compared: filtering first once hid old gaps and let duplicates through.
with span as (
    select started_at, last_beat_at,
        case when stopped_at is null and last_beat_at >= clock_timestamp() - make_interval(secs => @tolerance_s)
            then clock_timestamp() else coalesce(stopped_at, last_beat_at) end as end_at,
        stopped_at is null and last_beat_at >= clock_timestamp() - make_interval(secs => @tolerance_s) as alive,
        stopped_at is null and last_beat_at < clock_timestamp() - make_interval(secs => @tolerance_s) as fell
    from receiver_span
), series as (
    select started_at, end_at,
        max(end_at) over (order by started_at, end_at rows between unbounded preceding and 1 preceding) as covered
    from span
), gap as (
    select max(started_at) as to_at from series
    -- No tolerance here: a clean restart of the only receiver refuses knocks too, however quick it is.
    where covered is null or started_at > covered
    union all
    select max(last_beat_at + make_interval(secs => @tolerance_s)) from span where fell
    union all
    select max(to_at) from receiver_taint
    union all
    -- A dead letter may hold the very echo that is missed.
    select max(dead_at) from ledger_work where state = 2
), backlog as (
    -- By arrival, not by next try: an echo in a body that failed once waits unread as well.
    select coalesce(extract(epoch from clock_timestamp() - min(first.received_at)), 0) as lag_s
    from (select l.received_at from ledger_work w join ledger l on l.id = w.ledger_id
          where w.state = 0 order by w.ledger_id limit 1) first
)
select clock_timestamp() as now, (select max(to_at) from gap) as since,
    exists (select 1 from span where alive) as alive, (select lag_s from backlog)::float8 as lag_s;

-- :forget_old
with old as (delete from receiver_span where last_beat_at < @before)
delete from receiver_taint where to_at < @before;
