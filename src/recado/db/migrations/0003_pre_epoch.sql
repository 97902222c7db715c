-- Who this installation is, whether it may send, and what its own audit found.

-- Apart from `installation` on purpose: claims share-lock that row, and a counter that moves every few seconds
-- must neither wait for claims nor make them wait.
create table instance (
    id smallint primary key default 1 check (id = 1),
    epoch bigint not null default 0,
    fingerprint text,
    updated_at timestamptz
);

alter table installation add column timeline integer;
alter table installation add column forced text check (forced in ('restore', 'clone'));
alter table installation add column forced_at timestamptz;
alter table installation add column forced_why text;

-- When sending was stopped and freed, and which pace was allowed before: written by triggers, so that a hand on
-- psql leaves the same trace as a command. `at` is taken while the switch's row is locked, after every claim
-- that did not see it has committed. The installation's own rows carry the nil tenant.
create table switch_log (
    tenant_id uuid not null,
    seq bigint generated always as identity,
    number_id uuid,
    what text not null,
    stops boolean not null,
    was jsonb,
    at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, seq)
);

create function note_switches() returns trigger language plpgsql set search_path = public as $$
declare
    before_it jsonb := to_jsonb(old);
    after_it jsonb := to_jsonb(new);
    what text;
begin
    foreach what in array tg_argv loop
        if before_it -> what is distinct from after_it -> what then
            insert into switch_log (tenant_id, number_id, what, stops, was)
            values (
                coalesce(after_it ->> 'tenant_id', '00000000-0000-0000-0000-000000000000')::uuid,
                (after_it ->> 'number_id')::uuid,
                what,
                case what
                    when 'kill_switch' then (after_it ->> what)::boolean
                    when 'mode' then after_it ->> what <> 'enabled'
                    when 'forced' then after_it ->> what is not null
                    else false
                end,
                before_it -> what);
        end if;
    end loop;
    return null;
end
$$;

create trigger switches_noted after update of kill_switch, forced on installation
for each row execute function note_switches('kill_switch', 'forced');
create trigger switches_noted after update of kill_switch, mode on tenant
for each row execute function note_switches('kill_switch', 'mode');
create trigger switches_noted after update of kill_switch, rate_per_s, burst, pair_interval_s, pair_burst on lane
for each row execute function note_switches('kill_switch', 'rate_per_s', 'burst', 'pair_interval_s', 'pair_burst');

-- One row for each run of the audit; `results` is what `recado audit --json` prints.
create table invariant_run (
    run_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    took_ms integer not null,
    messages bigint not null,
    failed text[] not null,
    results jsonb not null
);
create index invariant_run_recent on invariant_run (at);

insert into instance (id) values (1);

alter table instance enable row level security;
alter table instance force row level security;
alter table switch_log enable row level security;
alter table switch_log force row level security;
alter table invariant_run enable row level security;
alter table invariant_run force row level security;
create policy engine_scope on instance to recado_engine using (true) with check (true);
create policy engine_scope on switch_log to recado_engine using (true) with check (true);
create policy engine_scope on invariant_run to recado_engine using (true) with check (true);
create policy tenant_scope on switch_log to recado_app
using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)
with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid);

grant select, update on instance to recado_engine;
grant select, insert on switch_log to recado_engine, recado_app;
grant select, insert, delete on invariant_run to recado_engine;
