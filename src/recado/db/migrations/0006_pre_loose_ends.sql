-- What keeps a file, a fact or an order from falling between two stools.

-- The provider refused this file for this number, or could not be made to take it: messages that need it end with
-- this reason until `until`, and then it may be tried again.
create table media_refusal (
    tenant_id uuid not null,
    media_id uuid not null,
    number_id uuid not null,
    reason text not null,
    code integer,
    detail text,
    until timestamptz not null,
    primary key (tenant_id, media_id, number_id),
    foreign key (tenant_id, media_id) references media (tenant_id, media_id)
);

-- Facts about a message nobody knows yet (a status, an edit, a deletion): applied when it arrives.
create table loose_end (
    tenant_id uuid not null references tenant (tenant_id),
    wamid_hash bytea not null,
    key bytea not null,
    kind text not null,
    at timestamptz not null,
    data jsonb not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, wamid_hash, key)
);
create index loose_end_age on loose_end (recorded_at);

-- Strict order: the message of a conversation behind which the others wait until it is delivered or `wait_s` are
-- over. The primary key is the rule: a second one cannot be written while the first still counts.
create table strict_turn (
    tenant_id uuid not null,
    conversation_id uuid not null,
    message_id uuid not null,
    since timestamptz not null,
    wait_s double precision not null check (wait_s > 0),
    primary key (tenant_id, conversation_id)
);

-- What somebody has to be told. The installation's own rows carry the nil tenant; one open row for each matter.
create table alert (
    tenant_id uuid not null,
    alert_id bigint generated always as identity,
    kind text not null,
    subject text not null default '',
    severity text not null check (severity in ('warning', 'critical')),
    raised_at timestamptz not null,
    last_seen_at timestamptz not null,
    times integer not null default 1,
    data jsonb not null default '{}',
    resolved_at timestamptz,
    primary key (tenant_id, alert_id)
);
create unique index alert_open on alert (tenant_id, kind, subject) where resolved_at is null;

alter table tenant add column ordering text not null default 'fast';
alter table tenant add constraint tenant_ordering check (ordering in ('fast', 'strict')) not valid;
-- Null: as the tenant says.
alter table lane add column ordering text;
alter table lane add constraint lane_ordering check (ordering in ('fast', 'strict')) not valid;
alter table outbox add column strict boolean not null default false;

do $$
declare
    t text;
begin
    foreach t in array array['media_refusal', 'loose_end', 'strict_turn', 'alert'] loop
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

grant update (ordering) on tenant to recado_app;
grant update (ordering) on lane to recado_app;
grant select on media_refusal, loose_end, strict_turn to recado_app;
grant select, update on alert to recado_app;
grant select, insert, update, delete on media_refusal, loose_end, strict_turn, alert to recado_engine;
