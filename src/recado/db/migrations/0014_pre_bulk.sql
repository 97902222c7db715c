-- Many messages taken up together. The plan is stored as it was shown, item by item, so that what begins is what
-- somebody agreed to; each item remembers how it ended, so that no message is touched twice.
create table bulk_job (
    tenant_id uuid not null references tenant (tenant_id),
    job_id uuid not null,
    action text not null check (action in ('resend', 'cancel', 'discard')),
    state text not null check (state in ('planned', 'waiting', 'running', 'done', 'cancelled')),
    -- The incident; without one nothing begins.
    name text check (length(name) between 3 and 120),
    why text,
    actor text not null,
    -- Matched by the selection, of which so many are still worth a try; `more`: there are more than one job takes.
    matched integer not null,
    allowed integer not null,
    more boolean not null,
    -- What the pace of the numbers needs for it; null when nothing leaves.
    seconds double precision,
    done integer not null default 0,
    refused integer not null default 0,
    created_at timestamptz not null,
    begins_at timestamptz,
    finished_at timestamptz,
    primary key (tenant_id, job_id),
    check (state = 'planned' or (name is not null and begins_at is not null))
);

create table bulk_item (
    tenant_id uuid not null,
    job_id uuid not null,
    message_id uuid not null,
    state text not null check (state in ('waiting', 'done', 'refused')),
    reason text,
    primary key (tenant_id, job_id, message_id),
    foreign key (tenant_id, job_id) references bulk_job (tenant_id, job_id) on delete cascade
);
create index bulk_item_waiting on bulk_item (tenant_id, job_id, message_id) where state = 'waiting';

do $$
declare
    t text;
begin
    foreach t in array array['bulk_job', 'bulk_item'] loop
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

grant select, insert, delete on bulk_job, bulk_item to recado_app;
grant update (state, name, why, actor, begins_at, finished_at) on bulk_job to recado_app;
grant select, insert, update, delete on bulk_job, bulk_item to recado_engine;
