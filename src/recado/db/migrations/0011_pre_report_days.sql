-- Sums of whole days on the company's clock, made from the hours: a quarter of a year is read from ninety days,
-- not from two thousand hours.
create table report_day (
    tenant_id uuid not null references tenant (tenant_id),
    day date not null,
    number_id uuid not null,
    template text not null default '',
    measure text not null,
    detail text not null default '',
    zone text not null,
    messages bigint not null,
    primary key (tenant_id, day, number_id, template, measure, detail)
);

-- The time zone the days were made with: when it changes they are made again.
alter table report_mark add column zone text;

alter table report_day enable row level security;
alter table report_day force row level security;
create policy tenant_scope on report_day to recado_app
using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)
with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid);
create policy engine_scope on report_day to recado_engine using (true) with check (true);
grant select on report_day to recado_app;
grant select, insert, update, delete on report_day to recado_engine;
