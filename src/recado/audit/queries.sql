-- :append
insert into audit_entry (tenant_id, at, actor, action, target, data, was, became, why, origin)
values (@tenant_id, @at, @actor, @action, @target, @data, @was, @became, @why, @origin);

-- :page -> Entry
-- Newest first, by the place in the chain: what is committed later never appears below what was read.
select l.n, e.at, e.actor, e.action, e.target, e.data, e.was, e.became, e.why, e.origin
from audit_link l join audit_entry e on e.tenant_id = l.tenant_id and e.seq = l.seq
where l.tenant_id = @tenant_id and l.n < @before
  and (@since::timestamptz is null or e.at >= @since) and (@until::timestamptz is null or e.at < @until)
  and (@actions::text[] is null or e.action = any(@actions))
  and (@actor::text is null or e.actor = @actor)
  and (@target::text is null or e.target = @target)
order by l.n desc limit @most;

-- :actions -> Known
select distinct action as word from audit_entry where tenant_id = @tenant_id order by action;

-- :actors -> Known
select distinct actor as word from audit_entry where tenant_id = @tenant_id order by actor;

-- :links -> Link
-- What each link says beside what its entry says now.
select l.n, l.prev, l.hash, e.at, e.action,
    case when e.seq is not null then audit_digest(l.prev, l.n, e) end as digest
from audit_link l left join audit_entry e on e.tenant_id = l.tenant_id and e.seq = l.seq
where l.tenant_id = @tenant_id and l.n > @after
order by l.n limit @most;

-- :unlinked -> Unlinked
-- Entries outside the chain: written around the product, or left behind when links were removed.
select e.at, e.action, count(*) over () as found
from audit_entry e
where e.tenant_id = @tenant_id
  and not exists (select 1 from audit_link l where l.tenant_id = e.tenant_id and l.seq = e.seq)
order by e.seq limit 1;

-- :chains -> Chain
select distinct tenant_id from audit_entry order by tenant_id;
