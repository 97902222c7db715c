-- Bodies that said again what the diary knew already. Written only when a repetition comes, so an ordinary webhook
-- costs nothing more; the body's own number is part of the key, so reading a body twice counts it once.
create table event_repeat (
    tenant_id uuid not null,
    key bytea not null,
    ledger_id bigint not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, key, ledger_id)
);

-- Only the sweep looks by age.
create index event_repeat_recorded on event_repeat (recorded_at);

alter table event_repeat enable row level security;
alter table event_repeat force row level security;
create policy engine_scope on event_repeat to recado_engine using (true) with check (true);
create policy tenant_scope on event_repeat to recado_app
using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)
with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid);

grant select, insert, delete on event_repeat to recado_engine;
grant select on event_repeat to recado_app;
