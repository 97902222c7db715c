-- The front desk: who holds a conversation, what is settled, and what people wrote to each other about it.
create table conversation_desk (
    tenant_id uuid not null,
    conversation_id uuid not null,
    -- Who holds it; the name is kept as it was, for lists that may not look at people of other companies.
    person_id uuid,
    person_name text,
    assigned_at timestamptz,
    -- Settled until somebody writes again: `resolved_after` is the person's last message known at that moment.
    resolved_at timestamptz,
    resolved_after timestamptz,
    primary key (tenant_id, conversation_id),
    foreign key (tenant_id, conversation_id) references conversation (tenant_id, conversation_id)
);

create table conversation_note (
    tenant_id uuid not null,
    note_id uuid not null,
    conversation_id uuid not null,
    person_id uuid not null,
    person_name text not null,
    body text not null check (length(body) between 1 and 4000),
    created_at timestamptz not null,
    primary key (tenant_id, note_id),
    foreign key (tenant_id, conversation_id) references conversation (tenant_id, conversation_id)
);
create index conversation_note_of on conversation_note (tenant_id, conversation_id, note_id);

do $$
declare
    t text;
begin
    foreach t in array array['conversation_desk', 'conversation_note'] loop
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

grant select, insert, update on conversation_desk to recado_app, recado_engine;
grant select, insert on conversation_note to recado_app;
grant select, insert, update on conversation_note to recado_engine;
