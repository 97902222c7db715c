-- :insert_session
insert into person_session (hash, person_id, tenant_id, agent, half, created_at, seen_at, expires_at)
values (@hash, @person_id, @tenant_id, @agent, @half, @now, @now, @expires_at);

-- :open_session -> SessionRow
-- The membership is looked up on every request: who was removed is out at once.
select s.hash, s.half, s.seen_at, s.created_at, p.person_id, p.login, p.name, p.platform, p.language, p.theme,
       p.shortcuts, p.totp_confirmed_at is not null as second_factor, t.tenant_id, t.client_id,
       t.name as tenant_name, t.timezone, t.locale, m.role
from person_session s
join person p on p.person_id = s.person_id
left join membership m on m.person_id = s.person_id and m.tenant_id = s.tenant_id
left join tenant t on t.tenant_id = s.tenant_id and (p.platform or m.person_id is not null)
where s.hash = @hash and s.revoked_at is null and s.expires_at > @now and s.seen_at > @idle_since
  and p.disabled_at is null;

-- :touch_session
update person_session set seen_at = @now where hash = @hash;

-- :choose_company
update person_session set tenant_id = @tenant_id where hash = @hash;

-- :revoke_session
update person_session set revoked_at = @now where hash = @hash and revoked_at is null;

-- :revoke_own_session
update person_session set revoked_at = @now
where hash = @hash and person_id = @person_id and revoked_at is null;

-- :revoke_others
update person_session set revoked_at = @now
where person_id = @person_id and revoked_at is null and hash <> @keep;

-- :list_sessions -> SessionListed
select hash, agent, created_at, seen_at, expires_at from person_session
where person_id = @person_id and revoked_at is null and not half and expires_at > @now and seen_at > @idle_since
order by seen_at desc, hash;

-- :forget_sessions
delete from person_session where expires_at < @before;

-- :first_company
select t.tenant_id from tenant t
left join membership m on m.tenant_id = t.tenant_id and m.person_id = @person_id
where @platform::boolean or m.person_id is not null
order by t.name, t.tenant_id limit 1;

-- :insert_link
insert into person_link (hash, kind, person_id, tenant_id, role, created_by, created_at, expires_at)
values (@hash, @kind, @person_id, @tenant_id, @role, @created_by, @now, @expires_at);

-- :find_link -> LinkRow
select l.hash, l.kind, l.person_id, l.tenant_id, t.name as tenant_name, l.role, l.created_by, l.created_at,
       l.expires_at
from person_link l left join tenant t on t.tenant_id = l.tenant_id
where l.hash = @hash and l.used_at is null and l.expires_at > @now;

-- :use_link
-- Two browsers with the same link: the row lock lets one of them through.
update person_link set used_at = @now where hash = @hash and used_at is null and expires_at > @now;

-- :drop_open_links
update person_link set used_at = @now
where kind = @kind and used_at is null and person_id is not distinct from @person_id
  and tenant_id is not distinct from @tenant_id;

-- :list_links -> LinkRow
select l.hash, l.kind, l.person_id, l.tenant_id, t.name as tenant_name, l.role, l.created_by, l.created_at,
       l.expires_at
from person_link l join tenant t on t.tenant_id = l.tenant_id
where l.tenant_id = @tenant_id and l.kind = 'invitation' and l.used_at is null and l.expires_at > @now
order by l.created_at desc, l.hash;

-- :revoke_link
update person_link set used_at = @now where tenant_id = @tenant_id and hash = @hash and used_at is null;

-- :take_try
-- The try is counted before the password is looked at: tries at the same moment cannot slip through. After
-- @free tries each further one doubles the wait, up to @most seconds; an hour of quiet forgets.
insert into login_throttle as t (key, failures, last_at)
values (@key, 1, @now)
on conflict (key) do update set
    failures = case when t.last_at < @forget_before then 1 else t.failures + 1 end,
    last_at = @now,
    blocked_until = case
        when t.last_at < @forget_before or t.failures + 1 <= @free::integer then '-infinity'::timestamptz
        else @now + make_interval(secs => least(@most::float8, 15 * 2.0 ^ least(t.failures - @free::integer, 12)))
    end
where t.blocked_until <= @now;

-- :blocked_until
select blocked_until from login_throttle where key = @key;

-- :give_back
update login_throttle set failures = greatest(failures - 1, 0), blocked_until = '-infinity' where key = @key;

-- :clear_tries
delete from login_throttle where key = @key;

-- :forget_links
delete from person_link where expires_at < @before;

-- :forget_tries
delete from login_throttle where last_at < @before;

-- :may_choose
select exists (select from tenant t left join membership m on m.tenant_id = t.tenant_id
               and m.person_id = @person_id
               where t.tenant_id = @tenant_id and (@platform::boolean or m.person_id is not null));
