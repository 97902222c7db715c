-- Who may open the panel. Only the engine role reaches these tables: a person may belong to several companies,
-- and who is asking is settled before any company is known.

create table person (
    person_id uuid primary key,
    -- What they type to come in; kept in lower case.
    login text not null unique check (login = lower(login) and length(login) between 3 and 254),
    name text not null check (length(name) between 1 and 120),
    password_hash text,
    -- Sees every company and the installation's own switches.
    platform boolean not null default false,
    language text check (language in ('pt-BR', 'en')),
    theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
    shortcuts boolean not null default true,
    -- Sealed under the master key; counts only once the person has typed a code made with it.
    totp bytea,
    totp_confirmed_at timestamptz,
    -- A code opens the door once: only later steps are taken.
    totp_step bigint not null default 0,
    disabled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table membership (
    tenant_id uuid not null references tenant (tenant_id),
    person_id uuid not null references person (person_id),
    role text not null check (role in ('administrator', 'operator', 'developer', 'reviewer')),
    created_at timestamptz not null,
    primary key (tenant_id, person_id)
);
create index membership_of_person on membership (person_id);

-- The browser keeps 256 random bits; this table keeps their digest.
create table person_session (
    hash bytea primary key,
    person_id uuid not null references person (person_id),
    -- The company this browser is looking at.
    tenant_id uuid,
    agent text not null default '',
    -- The password was right; the code of the second factor is still missing.
    half boolean not null default false,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index person_session_of on person_session (person_id);
create index person_session_age on person_session (expires_at);

-- Ways in that work once: the first administrator, an invitation, a forgotten password.
create table person_link (
    hash bytea primary key,
    kind text not null check (kind in ('first_run', 'invitation', 'password')),
    person_id uuid references person (person_id),
    tenant_id uuid references tenant (tenant_id),
    role text check (role in ('platform', 'administrator', 'operator', 'developer', 'reviewer')),
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index person_link_open on person_link (tenant_id, created_at);

-- Wrong passwords, counted for the account and for the address they came from. Keys are digests.
create table login_throttle (
    key bytea primary key,
    failures integer not null default 0,
    last_at timestamptz not null,
    blocked_until timestamptz not null default '-infinity'
);
create index login_throttle_age on login_throttle (last_at);

do $$
declare
    t text;
begin
    foreach t in array array['person', 'membership', 'person_session', 'person_link', 'login_throttle'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy engine_scope on %I to recado_engine using (true) with check (true)', t);
    end loop;
end
$$;

grant select, insert, update, delete on person, membership, person_session, person_link, login_throttle
to recado_engine;
