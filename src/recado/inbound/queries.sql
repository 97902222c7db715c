-- :append_bodies
-- Group commit: all webhooks that arrived while the last commit was under way.
with stored as (
    insert into ledger (provider, body) select @provider, u.body from unnest(@bodies::bytea[]) as u (body)
    returning id
)
insert into ledger_work (ledger_id) select id from stored;

-- :claim_bodies -> Body
-- Bounded by bytes too: hundreds of large batches in one transaction would hold their locks for minutes.
select ledger_id, tries, provider, received_at, body from (
    select w.ledger_id, w.tries, l.provider, l.received_at, l.body,
        sum(octet_length(l.body)) over (order by w.ledger_id) - octet_length(l.body) as bytes_before
    from (
        select ledger_id, tries from ledger_work
        where state = 0 and next_at <= @now
        order by next_at, ledger_id limit @most for update skip locked) w
    join ledger l on l.id = w.ledger_id) bodies
where bytes_before < @most_bytes
order by ledger_id;

-- :claim_one -> Body
select w.ledger_id, w.tries, l.provider, l.received_at, l.body
from ledger_work w join ledger l on l.id = w.ledger_id
where w.ledger_id = @ledger_id and w.state = 0 and w.next_at <= @now
for update of w skip locked;

-- :read_body -> Body
select l.id as ledger_id, coalesce(w.tries, 0) as tries, l.provider, l.received_at, l.body
from ledger l left join ledger_work w on w.ledger_id = l.id
where l.id = @ledger_id;

-- :finish_bodies
delete from ledger_work where ledger_id = any(@ids::bigint[]);

-- :retry_body
update ledger_work set tries = tries + 1, next_at = @next_at, error = @error
where ledger_id = @ledger_id and state = 0 and tries = @tries;

-- :give_up_body
update ledger_work set state = 2, tries = tries + 1, error = @error, dead_at = @now
where ledger_id = @ledger_id and state = 0 and tries = @tries;

-- :bury_body
update ledger_work set state = 2, tries = tries + 1, error = @error, dead_at = @now
where ledger_id = @ledger_id and state = 0;

-- :insert_orphan
insert into orphan_event (provider, waba_external_id, number_external_id, kind, key, raw, ledger_id, received_at)
values (@provider, @waba, @number, @kind, @key, @raw, @ledger_id, @received_at)
on conflict (key) do nothing;

-- :dead_letters -> DeadLetter
select w.ledger_id, l.provider, l.received_at, w.tries, w.error, w.dead_at, length(l.body) as size_bytes
from ledger_work w join ledger l on l.id = w.ledger_id
where w.state = 2 order by w.dead_at, w.ledger_id limit @most;

-- :dead_ids_of -> DeadId
select ledger_id from ledger_work where state = 2 and (@ids::bigint[] is null or ledger_id = any(@ids))
order by dead_at, ledger_id;

-- :replay_dead
update ledger_work set state = 0, tries = 0, next_at = clock_timestamp(), dead_at = null
where state = 2 and (@ids::bigint[] is null or ledger_id = any(@ids));

-- :backlog -> Backlog
-- Age of the oldest body that is due: what health and the doubt resolver look at.
select count(*) as waiting, coalesce(extract(epoch from clock_timestamp() - min(next_at)), 0)::float8 as lag_s
from (select next_at from ledger_work where state = 0 and next_at <= clock_timestamp()
      order by next_at limit 10000) due;

-- :dead_count -> DeadCount
select count(*) as dead from ledger_work where state = 2;

-- :adopt_orphans
-- Their bodies are projected again, by the routes as they are now: what was applied before counts as repeated, and
-- what still belongs to nobody is kept again. Pieces whose body is gone (30 days) stay what they are, and so does
-- a message that names no number: no route would ever place it.
with mine as materialized (
    select o.id, o.ledger_id from route r
    cross join lateral (
        select id, ledger_id, kind from orphan_event
        where provider = r.provider and r.kind = 'phone_number' and number_external_id = r.external_id
        union all
        select id, ledger_id, kind from orphan_event
        where provider = r.provider and r.kind = 'waba' and waba_external_id = r.external_id
          and number_external_id is null and kind not in ('MessageReceived', 'Echoed')) o
    where exists (select 1 from ledger l where l.id = o.ledger_id)
    limit @most
), adopted as (
    delete from orphan_event o using mine m where o.id = m.id returning o.ledger_id
)
insert into ledger_work (ledger_id) select distinct ledger_id from adopted
on conflict (ledger_id) do nothing;
