-- :insert_person
insert into person (person_id, login, name, password_hash, platform, created_at, updated_at)
values (@person_id, @login, @name, @password_hash, @platform, @now, @now)
on conflict (login) do nothing;

-- :person_by_login -> PersonRow
select person_id, login, name, password_hash, platform, language, theme, shortcuts, totp, totp_confirmed_at,
       totp_step, disabled_at, created_at
from person where login = @login;

-- :person_by_id -> PersonRow
select person_id, login, name, password_hash, platform, language, theme, shortcuts, totp, totp_confirmed_at,
       totp_step, disabled_at, created_at
from person where person_id = @person_id;

-- :list_people -> PersonListed
select p.person_id, p.login, p.name, p.platform, p.totp_confirmed_at is not null as second_factor, p.disabled_at,
       array(select t.client_id || ':' || m.role from membership m join tenant t on t.tenant_id = m.tenant_id
             where m.person_id = p.person_id order by t.client_id) as memberships
from person p order by p.login;

-- :platform_people
select count(*) from person where platform and disabled_at is null;

-- :set_password
update person set password_hash = @password_hash, updated_at = @now where person_id = @person_id;

-- :set_preferences
update person set language = @language, theme = @theme, shortcuts = @shortcuts, updated_at = @now
where person_id = @person_id;

-- :set_name
update person set name = @name, updated_at = @now where person_id = @person_id;

-- :set_disabled
update person set disabled_at = @disabled_at, updated_at = @now where person_id = @person_id;

-- :set_platform
update person set platform = @platform, updated_at = @now where person_id = @person_id;

-- :keep_totp
update person set totp = @totp, totp_confirmed_at = null, totp_step = 0, updated_at = @now
where person_id = @person_id;

-- :confirm_totp
update person set totp_confirmed_at = @now, totp_step = @step, updated_at = @now
where person_id = @person_id and totp is not null and totp_step < @step;

-- :use_totp_step
update person set totp_step = @step where person_id = @person_id and totp_step < @step;

-- :put_member
insert into membership (tenant_id, person_id, role, created_at) values (@tenant_id, @person_id, @role, @now)
on conflict (tenant_id, person_id) do update set role = excluded.role;

-- :remove_member
delete from membership where tenant_id = @tenant_id and person_id = @person_id;

-- :list_members -> MemberRow
select p.person_id, p.login, p.name, m.role, p.totp_confirmed_at is not null as second_factor, p.disabled_at,
       (select max(s.seen_at) from person_session s where s.person_id = p.person_id) as seen_at, m.created_at
from membership m join person p on p.person_id = m.person_id
where m.tenant_id = @tenant_id order by p.name, p.person_id;

-- :list_choices -> CompanyChoice
-- A platform person chooses among all, so the list is searched and cut.
select t.tenant_id, t.client_id, t.name, coalesce(m.role, 'platform') as role
from tenant t left join membership m on m.tenant_id = t.tenant_id and m.person_id = @person_id
where (@platform::boolean or m.person_id is not null)
  and (@search::text = '' or t.name ilike '%' || @search || '%' or t.client_id ilike '%' || @search || '%')
order by t.name, t.tenant_id limit @most;
