-- What is small enough to be looked at whole. Every statement returns offending rows only, at most `most` of
-- them, each with `found`, the count of all.

-- :tenants
select tenant_id from tenant order by tenant_id;

-- :lanes
select tenant_id, number_id from lane order by tenant_id, number_id;

-- :unique_rules
-- Uniqueness is kept by indexes; what has to be proven is that they are there and valid.
select w.invariant, w.relation, w.columns, count(*) over () as found
from unnest(@invariants::text[], @relations::text[], @columns::text[]) as w (invariant, relation, columns)
where not exists (
    select 1 from pg_index i
    where i.indrelid = to_regclass(w.relation) and i.indisunique and i.indisvalid and w.columns = (
        select string_agg(a.attname, ',' order by k.place)
        from unnest(i.indkey) with ordinality as k (attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum))
limit @most;

-- :keys_with_wrong_answer
select i.tenant_id, i.key, i.message_id, count(*) over () as found
from idempotency i
left join message m on m.tenant_id = i.tenant_id and m.id = i.message_id
where m.id is null or i.answer is null or i.answer ->> 'id' is distinct from i.message_id::text
limit @most;

-- :keys_used_twice
select tenant_id, key, count(*) over () as found from idempotency
group by tenant_id, key having count(*) > 1 or count(distinct message_id) > 1
limit @most;

-- :stuck
-- A worker's lease that nobody took back, and messages past their time that are neither stopped nor decided.
select o.tenant_id, o.message_id, o.state as outbox_state, o.due_at, o.lease_until, count(*) over () as found
from outbox o
join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
join lane l on l.tenant_id = o.tenant_id and l.number_id = o.number_id
join tenant t on t.tenant_id = o.tenant_id
cross join installation i
where (o.state = 1 and coalesce(o.lease_until, '-infinity') < clock_timestamp() - interval '60 seconds')
   or (o.state in (0, 1, 2)
       and greatest(coalesce(o.expires_at, o.due_at + interval '24 hours'), m.created_at + interval '24 hours')
           < clock_timestamp() - interval '60 seconds'
       and not (o.state = 0 and (l.kill_switch or t.kill_switch or t.platform_stop or i.kill_switch or i.forced is not null
                                 or l.paused_reason is not null)))
limit @most;

-- :bodies_astray
-- Five minutes old and never tried, or buried without a word.
select ledger_id, state, tries, next_at, count(*) over () as found from ledger_work
where (state = 0 and next_at < clock_timestamp() - interval '5 minutes')
   or (state = 0 and dead_at is not null)
   or (state = 2 and (dead_at is null or error is null))
limit @most;

-- :windows_too_long
-- The customer-service window is the one effect that lasts: it may not outlive the person's own words by more
-- than 24 hours, however late they reached us.
select tenant_id, conversation_id, last_inbound_at, window_until, count(*) over () as found from conversation
where last_inbound_at is not null and window_until > last_inbound_at + interval '24 hours'
limit @most;

-- :answered_without_message
select u.id, found_rows.copies, count(*) over () as found
from unnest(@ids::uuid[]) as u (id)
cross join lateral (
    select count(*) as copies from tenant t join message m on m.tenant_id = t.tenant_id and m.id = u.id) found_rows
where found_rows.copies <> 1
limit @most;

-- :sent_without_intent
select u.token, count(*) over () as found from unnest(@tokens::uuid[]) as u (token)
where not exists (
    select 1 from tenant t join attempt a on a.tenant_id = t.tenant_id and a.token = u.token)
limit @most;

-- :accepted_in_our_books_only
select a.tenant_id, a.message_id, a.token, count(*) over () as found from attempt a
where a.state = 'accepted' and not exists (select 1 from unnest(@tokens::uuid[]) as u (token) where u.token = a.token)
limit @most;

-- :sent_twice
-- The provider's own list: two sends of one message that nobody was told about.
select a.tenant_id, a.message_id, count(*) as sends, count(*) over () as found
from unnest(@tokens::uuid[]) as u (token)
join tenant t on true
join attempt a on a.tenant_id = t.tenant_id and a.token = u.token
group by a.tenant_id, a.message_id
having count(*) > 1 and not exists (
    select 1 from incident i
    where i.tenant_id = a.tenant_id and i.message_id = a.message_id and i.kind = 'duplicate_detected')
limit @most;

-- :sealed
select t.tenant_id, t.dek, p.number_id, p.credentials
from tenant t left join phone_number p on p.tenant_id = t.tenant_id
order by t.tenant_id, p.number_id;

-- :open_tables
-- Row security by catalogue: forced everywhere, and for tenants exactly the rule that names their own rows.
select c.relname as table_name, count(*) over () as found from pg_class c
where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p') and c.relname <> 'schema_migration'
  and (not (c.relrowsecurity and c.relforcerowsecurity)
    or exists (
        select 1 from pg_policies p
        where p.schemaname = 'public' and p.tablename = c.relname and not p.roles <@ '{recado_app,recado_engine}')
    or exists (
        select 1 from pg_policies p
        where p.schemaname = 'public' and p.tablename = c.relname and 'recado_app' = any(p.roles)
          and not (coalesce(p.qual, '') like '(tenant\_id = %current_setting(''recado.tenant\_id''%'
                   and coalesce(p.with_check, '') = p.qual))
    or (has_any_column_privilege('recado_app', c.oid, 'select, insert, update') and not exists (
        select 1 from pg_policies p
        where p.schemaname = 'public' and p.tablename = c.relname and 'recado_app' = any(p.roles))))
limit @most;

-- :tenant_tables
select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
  and not a.attisdropped and has_table_privilege('recado_app', c.oid, 'select')
order by c.relname;

-- :patience
select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '5s', true),
    set_config('transaction_read_only', 'on', true);

-- :ran_lately
-- Several workers share the hour.
select exists (select 1 from invariant_run where at > clock_timestamp() - make_interval(secs => @every_s / 2));

-- :keep_run
insert into invariant_run (took_ms, messages, failed, results) values (@took_ms, @messages, @failed, @results);

-- :forget_runs
delete from invariant_run where at < clock_timestamp() - interval '30 days';

-- :open_incident
insert into incident (tenant_id, kind, message_id, at, data)
select @tenant_id, 'audit', null, @now, @data
where not exists (
    select 1 from incident
    where tenant_id = @tenant_id and kind = 'audit' and resolved_at is null
      and data ->> 'invariant' = @data::jsonb ->> 'invariant');

-- :close_incidents
-- A promise that holds again needs nobody's attention any more.
update incident set resolved_at = @now
where kind = 'audit' and resolved_at is null and data ->> 'invariant' = any(@healthy::text[]);
