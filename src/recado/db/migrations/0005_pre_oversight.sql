-- What people oversee the house with: an audit trail that shows when it was touched, stops by kind and by the
-- platform, what is known of stored credentials, and small sums for reports.

-- --------------------------------------------------------------------------- audit trail

-- What a setting was and became, why somebody did it and from where.
alter table audit_entry add column was jsonb;
alter table audit_entry add column became jsonb;
alter table audit_entry add column why text;
alter table audit_entry add column origin text;

-- The chain beside the entries: each link holds the hash of the one before. The installation's own entries carry
-- the nil tenant.
create table audit_link (
    tenant_id uuid not null,
    n bigint not null check (n > 0),
    seq bigint not null,
    prev bytea not null,
    hash bytea not null,
    primary key (tenant_id, n),
    unique (tenant_id, seq),
    foreign key (tenant_id, seq) references audit_entry (tenant_id, seq)
);

-- Over everything the entry says. jsonb's text has one order of keys, the epoch no time zone.
create function audit_digest(prev bytea, n bigint, entry audit_entry) returns bytea
language sql stable set search_path = public as $$
    select sha256(prev || convert_to(jsonb_build_array(
        n, entry.tenant_id, entry.seq, extract(epoch from entry.at), entry.actor, entry.action, entry.target,
        entry.data, entry.was, entry.became, entry.why, entry.origin)::text, 'UTF8'))
$$;

-- At COMMIT, when nothing else can be waited for any more: entries of one tenant queue here for an instant, and
-- no transaction holds the chain while it waits for a row. The order of the links is the order of the commits.
create function link_audit_entry() returns trigger language plpgsql set search_path = public as $$
declare
    last_n bigint := 0;
    last_hash bytea := '';
begin
    perform pg_advisory_xact_lock(hashtextextended('recado.audit ' || new.tenant_id::text, 0));
    select l.n, l.hash into last_n, last_hash from audit_link l
    where l.tenant_id = new.tenant_id order by l.n desc limit 1;
    insert into audit_link (tenant_id, n, seq, prev, hash)
    values (new.tenant_id, coalesce(last_n, 0) + 1, new.seq, coalesce(last_hash, ''),
        audit_digest(coalesce(last_hash, ''), coalesce(last_n, 0) + 1, new));
    return null;
end
$$;

create constraint trigger audit_linked after insert on audit_entry
deferrable initially deferred for each row execute function link_audit_entry();

-- --------------------------------------------------------------------------- stops

-- The platform's own stop of a company: the company's people and keys see it and cannot lift it.
alter table tenant add column platform_stop boolean not null default false;
alter table tenant add column platform_reason text;
-- Kinds of message that wait: {"template": "why"}.
alter table tenant add column kind_stops jsonb not null default '{}';

-- As before, and every true or false among the watched columns is a stop.
create or replace function note_switches() returns trigger language plpgsql set search_path = public as $$
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
                case
                    when jsonb_typeof(after_it -> what) = 'boolean' then (after_it ->> what)::boolean
                    when what = 'mode' then after_it ->> what <> 'enabled'
                    when what = 'forced' then after_it ->> what is not null
                    else false
                end,
                before_it -> what);
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger switches_noted after update of kill_switch, platform_stop, mode on tenant
for each row execute function note_switches('kill_switch', 'platform_stop', 'mode');

-- --------------------------------------------------------------------------- credentials

-- What may be shown of a secret: how it ends, since when it is here, until when it is good.
alter table phone_number add column credential_hint text;
alter table phone_number add column credentials_at timestamptz;
alter table phone_number add column credentials_expire_at timestamptz;

-- --------------------------------------------------------------------------- reports

-- Sums of one hour (UTC, by the time in the message's id), rewritten whole whenever something of that hour changed.
-- `measure` says what is counted, `detail` of which kind: a cause, a kind, a step of the delay.
create table report_hour (
    tenant_id uuid not null references tenant (tenant_id),
    hour timestamptz not null,
    number_id uuid not null,
    template text not null default '',
    measure text not null,
    detail text not null default '',
    messages bigint not null,
    primary key (tenant_id, hour, number_id, template, measure, detail)
);

-- Hours whose sums are behind. Marked by what the diary says, cleared by whoever rewrote the hour.
create table report_due (
    tenant_id uuid not null references tenant (tenant_id),
    hour timestamptz not null,
    marked_at timestamptz not null,
    primary key (tenant_id, hour)
);

-- How far the diary was looked through for changed hours.
create table report_mark (
    tenant_id uuid not null references tenant (tenant_id),
    seq bigint not null,
    at timestamptz not null,
    swept_at timestamptz not null default 'epoch',
    primary key (tenant_id)
);

do $$
declare
    t text;
begin
    foreach t in array array['audit_link', 'report_hour', 'report_due', 'report_mark'] loop
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

-- The chain is as append-only as what it seals, for the engine too.
grant select, insert on audit_link to recado_app, recado_engine;
grant update (kind_stops) on tenant to recado_app;
grant update (credentials, credential_hint, credentials_at, credentials_expire_at, updated_at)
    on phone_number to recado_app;
grant select on report_hour, report_due, report_mark to recado_app;
grant select, insert, update, delete on report_hour, report_due, report_mark to recado_engine;
