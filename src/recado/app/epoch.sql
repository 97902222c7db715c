-- :whoami -> Facts
-- What the database believes about itself, and where it really is.
select n.epoch, n.fingerprint, i.timeline as known_timeline, i.forced, i.forced_at, i.forced_why,
    current_database()::text as database,
    ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer as timeline,
    exists (select from message) as used
from instance n cross join installation i
for update of n;

-- :system_identifier
select system_identifier::text from pg_control_system();

-- :force
update installation set forced = @forced, forced_at = coalesce(forced_at, clock_timestamp()),
    forced_why = coalesce(forced_why, @why);

-- :advance
update instance set epoch = @epoch, fingerprint = coalesce(@fingerprint, fingerprint), updated_at = clock_timestamp();

-- :note_timeline
update installation set timeline = @timeline where timeline is distinct from @timeline;

-- :forced -> Forced
select forced as mode, forced_at as since, forced_why as why from installation where forced is not null;

-- :release
update installation set forced = null, forced_at = null, forced_why = null where forced = @mode;
