-- What the doubt resolver needs: proof of when our webhook door was answering, and a place for incidents.

-- One row for each uninterrupted life of a receiver. `last_beat_at` moves every second; a receiver that was
-- away longer starts a new row, so an interval without proof can never be papered over later.
create table receiver_span (
    span_id uuid primary key,
    started_at timestamptz not null default clock_timestamp(),
    last_beat_at timestamptz not null default clock_timestamp(),
    stopped_at timestamptz
);
create index receiver_span_recent on receiver_span (last_beat_at);

-- Moments at which a webhook was refused, aborted or late although a receiver lived.
create table receiver_taint (
    taint_id bigint generated always as identity primary key,
    from_at timestamptz not null default clock_timestamp(),
    to_at timestamptz not null default clock_timestamp(),
    reason text not null
);
create index receiver_taint_recent on receiver_taint (to_at);

create table incident (
    tenant_id uuid not null references tenant (tenant_id),
    incident_id bigint generated always as identity,
    kind text not null,
    message_id uuid,
    at timestamptz not null,
    data jsonb not null default '{}',
    resolved_at timestamptz,
    primary key (tenant_id, incident_id)
);
create unique index incident_once on incident (tenant_id, kind, message_id) where message_id is not null;

alter table receiver_span enable row level security;
alter table receiver_span force row level security;
alter table receiver_taint enable row level security;
alter table receiver_taint force row level security;
alter table incident enable row level security;
alter table incident force row level security;
create policy engine_scope on receiver_span to recado_engine using (true) with check (true);
create policy engine_scope on receiver_taint to recado_engine using (true) with check (true);
create policy engine_scope on incident to recado_engine using (true) with check (true);
create policy tenant_scope on incident to recado_app
using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)
with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid);

grant select, insert, update, delete on receiver_span, receiver_taint to recado_engine;
grant select, insert, update on incident to recado_engine;
grant select on incident to recado_app;

alter table attempt add column soft boolean not null default false;
alter table attempt add column no_id boolean not null default false;
alter table attempt add column waited_from timestamptz;
alter table attempt add column probed_at timestamptz;
