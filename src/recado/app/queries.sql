-- :health
-- Each part stops counting early: the page must stay cheap when the queue is long.
select
    (select count(*) from (select 1 from outbox where state = 0 limit 10000) o) as outbox_waiting,
    (select count(*) from outbox where state in (2, 3)) as outbox_in_doubt,
    (select count(*) from lane where paused_reason is not null or kill_switch or platform_stop) as lanes_paused,
    (select count(*) from (
        select 1 from lane l where l.lease_until < clock_timestamp() and l.paused_reason is null
            and not l.kill_switch and not l.platform_stop and exists (
                select 1 from unnest(array[0, 1, 2]::smallint[]) p cross join lateral (
                    select 1 from outbox o where o.tenant_id = l.tenant_id and o.number_id = l.number_id
                        and o.priority = p and o.state = 0
                        and o.due_at < clock_timestamp() - interval '60 seconds' limit 1) d)
        limit 100) s) as lanes_stuck;

-- :stopped
-- Whether anybody said stop for this number, for its tenant or for everything.
select i.kill_switch or t.kill_switch or t.platform_stop or l.kill_switch or l.platform_stop
    or i.forced is not null or t.mode <> 'enabled' as stopped
from installation i, tenant t join lane l on l.tenant_id = t.tenant_id
where t.tenant_id = @tenant_id and l.number_id = @number_id;

-- :schema_version
-- `strange`: files this version does not know that ran after newer code was live; what they removed may be in use here.
select max(version) as version, min(name) filter (where version > @latest and name like '____!_post!_%' escape '!') as strange
from schema_migration;
