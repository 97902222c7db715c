-- The first schema. Conventions: every key leads with tenant_id; status is derived from `event`;
-- `outbox` and `ledger_work` hold only what is still open, so claims stay cheap however old the house is.

create table installation (
    id smallint primary key default 1 check (id = 1),
    kill_switch boolean not null default false,
    kill_reason text,
    created_at timestamptz not null default now()
);

create table tenant (
    tenant_id uuid primary key,
    client_id text not null unique check (client_id ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name text not null check (length(name) between 1 and 200),
    mode text not null default 'dry_run' check (mode in ('disabled', 'dry_run', 'enabled')),
    kill_switch boolean not null default false,
    kill_reason text,
    timezone text not null default 'America/Sao_Paulo',
    locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en')),
    settings jsonb not null default '{}',
    dek bytea not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table api_key (
    tenant_id uuid not null references tenant (tenant_id),
    key_id uuid not null,
    name text not null,
    prefix text not null,
    hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    primary key (tenant_id, key_id),
    unique (tenant_id, hash)
);
-- Authentication happens before any tenant is known; the hash has 256 bits of entropy.
create index api_key_by_hash on api_key (hash);

create table waba (
    tenant_id uuid not null references tenant (tenant_id),
    waba_id uuid not null,
    provider text not null,
    external_id text not null,
    name text,
    created_at timestamptz not null,
    primary key (tenant_id, waba_id),
    unique (tenant_id, provider, external_id)
);

create table phone_number (
    tenant_id uuid not null references tenant (tenant_id),
    number_id uuid not null,
    waba_id uuid not null,
    provider text not null,
    external_id text not null,
    display_phone text,
    verified_name text,
    is_default boolean not null default false,
    credentials bytea not null,
    quality text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, number_id),
    unique (tenant_id, provider, external_id),
    foreign key (tenant_id, waba_id) references waba (tenant_id, waba_id)
);

-- Which tenant owns what the provider names in a webhook. Read only by the engine, before a tenant is known.
create table route (
    provider text not null,
    kind text not null check (kind in ('phone_number', 'waba')),
    external_id text not null,
    tenant_id uuid not null references tenant (tenant_id),
    target_id uuid not null,
    primary key (provider, kind, external_id)
);

create table lane (
    tenant_id uuid not null,
    number_id uuid not null,
    rate_per_s double precision not null default 80 check (rate_per_s > 0),
    burst integer not null default 10 check (burst > 0),
    pair_interval_s double precision not null default 6 check (pair_interval_s >= 0),
    pair_burst integer not null default 40 check (pair_burst > 0),
    -- GCRA theoretical arrival time; advanced in the transaction that commits the intents.
    tat timestamptz not null default 'epoch',
    slow_factor double precision not null default 1 check (slow_factor > 0 and slow_factor <= 1),
    slow_until timestamptz,
    kill_switch boolean not null default false,
    paused_reason text,
    paused_detail text,
    paused_until timestamptz,
    paused_at timestamptz,
    owner uuid,
    fence bigint not null default 0,
    lease_until timestamptz not null default '-infinity',
    primary key (tenant_id, number_id),
    foreign key (tenant_id, number_id) references phone_number (tenant_id, number_id)
);

create table contact (
    tenant_id uuid not null references tenant (tenant_id),
    contact_id uuid not null,
    phone text,
    bsuid text,
    name text,
    username text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, contact_id)
);

-- Every name the provider uses for a person: phone variants (ninth digit), BSUID, parent BSUID.
create table contact_identity (
    tenant_id uuid not null,
    kind text not null check (kind in ('phone', 'bsuid', 'parent_bsuid')),
    value text not null check (length(value) between 1 and 200),
    contact_id uuid not null,
    created_at timestamptz not null,
    primary key (tenant_id, kind, value),
    -- Deferred: the identity is what two writers race for, so it is inserted before its contact.
    foreign key (tenant_id, contact_id) references contact (tenant_id, contact_id)
        deferrable initially deferred
);
create index contact_identity_of on contact_identity (tenant_id, contact_id);

create table conversation (
    tenant_id uuid not null,
    conversation_id uuid not null,
    number_id uuid not null,
    contact_id uuid not null,
    -- Close of the customer-service window: the person's own timestamp + 24 h - 60 s.
    window_until timestamptz not null default 'epoch',
    last_inbound_at timestamptz,
    last_at timestamptz not null,
    unread integer not null default 0,
    pair_tat timestamptz not null default 'epoch',
    pair_blocked_until timestamptz,
    pair_tries integer not null default 0,
    created_at timestamptz not null,
    primary key (tenant_id, conversation_id),
    unique (tenant_id, number_id, contact_id),
    foreign key (tenant_id, number_id) references phone_number (tenant_id, number_id),
    foreign key (tenant_id, contact_id) references contact (tenant_id, contact_id)
) with (fillfactor = 80);
create index conversation_recent on conversation (tenant_id, last_at desc, conversation_id);

create table message (
    tenant_id uuid not null,
    id uuid not null,
    direction text not null check (direction in ('out', 'in', 'echo')),
    number_id uuid not null,
    conversation_id uuid not null,
    contact_id uuid not null,
    kind text not null,
    class text check (class in ('authentication', 'utility', 'session', 'marketing')),
    content jsonb not null,
    preview text not null default '',
    recipient text,
    context_wamid text,
    client_reference text,
    priority smallint not null default 1 check (priority between 0 and 2),
    scheduled_at timestamptz,
    expires_at timestamptz,
    state text not null check (state in (
        'scheduled', 'queued', 'held', 'claimed', 'sending', 'in_doubt', 'needs_decision',
        'accepted', 'sent', 'delivered', 'read', 'played',
        'rejected', 'failed', 'expired', 'expired_in_doubt', 'skipped', 'simulated', 'cancelled', 'discarded',
        'received')),
    rank smallint not null default 0,
    reason text,
    reason_code integer,
    reason_detail text,
    attention boolean not null default false,
    wamid text,
    wamid_hash bytea,
    accepted_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    failed_at timestamptz,
    -- When the thing happened for the person: provider time for inbound, acceptance by us for outbound.
    at timestamptz not null,
    created_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, conversation_id) references conversation (tenant_id, conversation_id)
) with (fillfactor = 50);
-- `state` is in no index on purpose: three status updates a message stay HOT.
create index message_by_wamid on message (tenant_id, wamid_hash) where wamid_hash is not null;
create index message_thread on message (tenant_id, conversation_id, id);
create index message_attention on message (tenant_id, id) where attention;
create index message_by_recipient on message (tenant_id, recipient, id) where recipient is not null;
create index message_by_reference on message (tenant_id, client_reference, id) where client_reference is not null;

create table outbox (
    tenant_id uuid not null,
    message_id uuid not null,
    number_id uuid not null,
    conversation_id uuid not null,
    class text not null,
    free_form boolean not null,
    priority smallint not null,
    due_at timestamptz not null,
    expires_at timestamptz,
    -- 0 queued, 1 sending, 2 in doubt, 3 needs a decision, 4 held until somebody releases it
    state smallint not null default 0 check (state between 0 and 4),
    tries integer not null default 0,
    fence bigint not null default 0,
    lease_until timestamptz,
    token uuid,
    media_ref text,
    -- Ordered messages of a conversation leave one after the other: (since, message_id) is their order.
    ordered boolean not null default false,
    since timestamptz not null,
    primary key (tenant_id, message_id),
    foreign key (tenant_id, message_id) references message (tenant_id, id)
) with (fillfactor = 70);
-- Two ordered messages of one conversation on the wire at once are impossible, not just avoided.
create unique index outbox_one_in_flight on outbox (tenant_id, conversation_id) where ordered and state in (1, 2);
create index outbox_in_order on outbox (tenant_id, conversation_id, since, message_id) where ordered;
create index outbox_claim on outbox (tenant_id, number_id, priority, due_at, message_id) where state = 0;
create index outbox_undecided on outbox (state, expires_at) where state in (2, 3, 4);
create index outbox_open on outbox (state, lease_until) where state in (1, 2);

create table attempt (
    tenant_id uuid not null,
    token uuid not null,
    message_id uuid not null,
    number_id uuid not null,
    n integer not null,
    fence bigint not null,
    state text not null check (state in ('intent', 'accepted', 'rejected', 'not_sent', 'in_doubt', 'presumed_lost')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    doubt_at timestamptz,
    echo_at timestamptz,
    wamid_hash bytea,
    reason text,
    code integer,
    detail text,
    http_status integer,
    elapsed_ms integer,
    answer bytea,
    proof jsonb,
    primary key (tenant_id, token),
    foreign key (tenant_id, message_id) references message (tenant_id, id)
) with (fillfactor = 80);
create unique index attempt_of_message on attempt (tenant_id, message_id, n);
-- A second try while the first is undecided is impossible, not just avoided.
create unique index attempt_one_open on attempt (tenant_id, message_id) where state in ('intent', 'in_doubt');
create index attempt_recent on attempt (tenant_id, number_id, started_at);

create table event (
    tenant_id uuid not null,
    seq bigint generated always as identity,
    message_id uuid,
    conversation_id uuid,
    kind text not null,
    at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    key bytea,
    ledger_id bigint,
    data jsonb,
    primary key (tenant_id, seq)
);
-- Natural key of a provider event: what makes every repetition harmless.
create unique index event_once on event (tenant_id, key) where key is not null;
create index event_foreign on event (tenant_id, recorded_at) where kind = 'status.foreign';
create index event_of_message on event (tenant_id, message_id, seq) where message_id is not null;

create table idempotency (
    tenant_id uuid not null references tenant (tenant_id),
    key text not null check (length(key) between 1 and 255),
    request_hash bytea not null,
    message_id uuid not null,
    answer jsonb,
    created_at timestamptz not null,
    primary key (tenant_id, key)
);
create index idempotency_age on idempotency using brin (created_at);

create table ledger (
    id bigint generated always as identity primary key,
    provider text not null,
    received_at timestamptz not null default clock_timestamp(),
    body bytea not null
);
create index ledger_age on ledger using brin (received_at);

-- One row for each body not yet projected. Done = deleted here; the body stays in the ledger.
create table ledger_work (
    ledger_id bigint primary key references ledger (id) on delete cascade,
    state smallint not null default 0 check (state in (0, 2)), -- 0 waiting, 2 dead letter
    tries integer not null default 0,
    next_at timestamptz not null default clock_timestamp(),
    error text,
    dead_at timestamptz
);
create index ledger_work_due on ledger_work (next_at, ledger_id) where state = 0;
create index ledger_work_dead on ledger_work (dead_at, ledger_id) where state = 2;

-- Good signature, nobody's number: kept until onboarding finds the owner.
create table orphan_event (
    id bigint generated always as identity primary key,
    provider text not null,
    waba_external_id text,
    number_external_id text,
    kind text not null,
    key bytea not null unique,
    raw bytea not null,
    ledger_id bigint not null,
    received_at timestamptz not null
);

create table job (
    tenant_id uuid not null references tenant (tenant_id),
    job_id uuid not null,
    kind text not null,
    payload jsonb not null,
    dedupe text,
    state text not null default 'queued' check (state in ('queued', 'done', 'dead')),
    due_at timestamptz not null,
    tries integer not null default 0,
    lease_until timestamptz not null default '-infinity',
    error text,
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (tenant_id, job_id)
);
create index job_due on job (due_at) where state = 'queued';
create index job_done on job (finished_at) where state = 'done';
create unique index job_once on job (tenant_id, kind, dedupe) where dedupe is not null;

create table media (
    tenant_id uuid not null references tenant (tenant_id),
    media_id uuid not null,
    direction text not null check (direction in ('in', 'out')),
    state text not null check (state in ('pending', 'stored', 'unavailable')),
    reason text,
    mime_type text,
    filename text,
    size_bytes bigint,
    sha256 bytea,
    blob text,
    provider_media_id text,
    number_id uuid,
    message_id uuid,
    created_at timestamptz not null,
    stored_at timestamptz,
    primary key (tenant_id, media_id)
);
create index media_of_message on media (tenant_id, message_id) where message_id is not null;

-- The provider's id of our file, per sending number; Meta keeps uploads for 30 days.
create table media_upload (
    tenant_id uuid not null,
    media_id uuid not null,
    number_id uuid not null,
    provider_media_id text not null,
    expires_at timestamptz not null,
    primary key (tenant_id, media_id, number_id),
    foreign key (tenant_id, media_id) references media (tenant_id, media_id)
);

create table audit_entry (
    tenant_id uuid not null,
    seq bigint generated always as identity,
    at timestamptz not null,
    actor text not null,
    action text not null,
    target text,
    data jsonb not null default '{}',
    primary key (tenant_id, seq)
);

insert into installation (id) values (1);

-- Row-Level Security: the application role sees one tenant; the engine role sees all and is used only by
-- the plumbing; everybody else, the owner included, sees nothing.
do $$
declare
    t text;
begin
    foreach t in array array[
        'api_key', 'waba', 'phone_number', 'lane', 'contact', 'contact_identity', 'conversation',
        'message', 'outbox', 'attempt', 'event', 'idempotency', 'job', 'media', 'media_upload',
        'audit_entry', 'tenant'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format(
            'create policy tenant_scope on %I to recado_app
             using (tenant_id = nullif(current_setting(''recado.tenant_id'', true), '''')::uuid)
             with check (tenant_id = nullif(current_setting(''recado.tenant_id'', true), '''')::uuid)', t);
        execute format('create policy engine_scope on %I to recado_engine using (true) with check (true)', t);
    end loop;
    foreach t in array array['installation', 'route', 'ledger', 'ledger_work', 'orphan_event'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy engine_scope on %I to recado_engine using (true) with check (true)', t);
    end loop;
end
$$;

grant select on tenant, waba, phone_number, lane to recado_app;
grant update (name, mode, kill_switch, kill_reason, timezone, locale, settings, updated_at) on tenant to recado_app;
grant select, insert, update on api_key, contact, contact_identity, conversation, message, outbox, attempt,
    idempotency, job, media, media_upload to recado_app;
grant delete on outbox, contact_identity to recado_app;
grant update (kill_switch, paused_reason, paused_detail, paused_until, paused_at, rate_per_s, burst,
    pair_interval_s, pair_burst) on lane to recado_app;
grant select, insert on event, audit_entry to recado_app;

grant select, insert, update, delete on installation, tenant, api_key, waba, phone_number, route, lane, contact,
    contact_identity, conversation, message, outbox, attempt, idempotency, ledger, ledger_work, orphan_event,
    job, media, media_upload to recado_engine;
-- The diary and the audit trail are append-only, for the engine too.
grant select, insert on event, audit_entry to recado_engine;
