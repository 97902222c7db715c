-- Message templates as the provider knows them, what changed about them, and what waits because of one;
-- what the provider says of a number; the platform's own stop of a number; bulk work on dead letters.

create table template (
    tenant_id uuid not null,
    template_id uuid not null,
    waba_id uuid not null,
    external_id text not null,
    name text not null,
    language text not null,
    category text,
    status text not null,
    -- When the provider says the status began; an older event changes nothing.
    status_at timestamptz not null,
    quality text,
    parameter_format text,
    components jsonb not null default '[]',
    rejected_reason text,
    first_seen_at timestamptz not null,
    synced_at timestamptz,
    -- The provider no longer lists it.
    gone_at timestamptz,
    primary key (tenant_id, template_id),
    foreign key (tenant_id, waba_id) references waba (tenant_id, waba_id)
);
create unique index template_once on template (tenant_id, waba_id, name, language) where gone_at is null;
create index template_by_external on template (tenant_id, waba_id, external_id);

-- What a template was and became, told by a webhook or found while comparing.
create table template_change (
    tenant_id uuid not null,
    change_id bigint generated always as identity,
    template_id uuid not null,
    at timestamptz not null,
    what text not null,
    was text,
    became text,
    source text not null check (source in ('webhook', 'sync')),
    primary key (tenant_id, change_id),
    foreign key (tenant_id, template_id) references template (tenant_id, template_id)
);
create index template_change_of on template_change (tenant_id, template_id, change_id);

create table template_sync (
    tenant_id uuid not null,
    waba_id uuid not null,
    tried_at timestamptz not null,
    synced_at timestamptz,
    templates integer,
    error text,
    primary key (tenant_id, waba_id),
    foreign key (tenant_id, waba_id) references waba (tenant_id, waba_id)
);

-- {"name|language": "template_paused"}: read by the claim with the lane it locks anyway, so that no message asks.
alter table lane add column template_stops jsonb not null default '{}';
-- The platform's own stop of a number: the company's people and keys see it and cannot lift it.
alter table lane add column platform_stop boolean not null default false;
alter table lane add column stop_reason text;

-- As before, with the platform's stop and with why a number paused by itself: the number's incidents.
create or replace trigger switches_noted
after update of kill_switch, platform_stop, paused_reason, rate_per_s, burst, pair_interval_s, pair_burst on lane
for each row execute function note_switches(
    'kill_switch', 'platform_stop', 'paused_reason', 'rate_per_s', 'burst', 'pair_interval_s', 'pair_burst');

-- What the provider says of a number; `quality` and the names are there already.
alter table phone_number add column provider_status text;
alter table phone_number add column throughput text;
alter table phone_number add column messaging_limit text;
alter table phone_number add column name_status text;
alter table phone_number add column checked_at timestamptz;

-- Dead letters taken up together, under the name of the incident. What became of each is read from the ledger.
create table letter_batch (
    tenant_id uuid not null references tenant (tenant_id),
    batch_id uuid not null,
    name text not null,
    action text not null check (action in ('replay', 'discard')),
    cause text not null,
    why text,
    actor text not null,
    ledger_ids bigint[] not null,
    done integer not null default 0,
    state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (tenant_id, batch_id)
);

do $$
declare
    t text;
begin
    foreach t in array array['template', 'template_change', 'template_sync', 'letter_batch'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format(
            'create policy tenant_scope on %I to recado_app
             using (tenant_id = nullif(current_setting(''recado.tenant_id'', true), '''')::uuid)
             with check (tenant_id = nullif(current_setting(''recado.tenant_id'', true), '''')::uuid)', t);
        execute format('create policy engine_scope on %I to recado_engine using (true) with check (true)', t);
    end loop;
end
$$;

grant select on template, template_change, template_sync to recado_app;
grant select, insert, update on template, template_change, template_sync, letter_batch to recado_engine;
grant select, insert on letter_batch to recado_app;
grant update (state, finished_at) on letter_batch to recado_app;
