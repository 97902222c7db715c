-- :list_talks -> Talk
-- Page after page along conversation_recent. `tab` is waiting, all or resolved.
select c.conversation_id, c.number_id, c.contact_id, c.window_until, c.last_inbound_at, c.last_at, c.unread,
    k.name, k.username, k.phone, k.bsuid, d.person_id as holder_id, d.person_name as holder,
    coalesce(d.resolved_at is not null and c.unread = 0
        and coalesce(c.last_inbound_at, 'epoch') <= d.resolved_after, false) as resolved,
    m.direction, m.preview, m.state
from conversation c
join contact k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
left join conversation_desk d on d.tenant_id = c.tenant_id and d.conversation_id = c.conversation_id
left join lateral (
    select direction, preview, state from message
    where tenant_id = c.tenant_id and conversation_id = c.conversation_id order by id desc limit 1) m on true
where c.tenant_id = @tenant_id
  and (@ids::uuid[] is null or c.conversation_id = any(@ids::uuid[]))
  and (@before_at::timestamptz is null
       or (c.last_at, c.conversation_id) < (@before_at::timestamptz, @before_id::uuid))
  and (@search::text is null or k.name ilike @search or k.username ilike @search or k.phone like @phone)
  and case @tab::text
      when 'waiting' then (c.unread > 0 or c.last_inbound_at >= c.last_at)
          and not coalesce(d.resolved_at is not null and c.unread = 0
              and coalesce(c.last_inbound_at, 'epoch') <= d.resolved_after, false)
      when 'resolved' then coalesce(d.resolved_at is not null and c.unread = 0
          and coalesce(c.last_inbound_at, 'epoch') <= d.resolved_after, false)
      else true end
order by c.last_at desc, c.conversation_id desc
limit @most;

-- :thread -> Line
select m.id, m.direction, m.kind, m.content, m.preview, m.context_wamid, m.state, m.reason, m.wamid, m.at,
    f.media_id, f.state as media_state, f.mime_type, f.filename
from message m
left join lateral (
    select media_id, state, mime_type, filename from media
    where m.direction <> 'out' and tenant_id = m.tenant_id and message_id = m.id limit 1) f on true
where m.tenant_id = @tenant_id and m.conversation_id = @conversation_id and m.id < @before
order by m.id desc
limit @most;

-- :latest_inbound -> Inbound
select id, wamid, number_id from message
where tenant_id = @tenant_id and conversation_id = @conversation_id and direction = 'in' and wamid is not null
order by id desc limit 1;

-- :notes -> Note
select note_id, person_name, body, created_at from conversation_note
where tenant_id = @tenant_id and conversation_id = @conversation_id
order by note_id desc limit 100;

-- :assign
insert into conversation_desk (tenant_id, conversation_id, person_id, person_name, assigned_at)
values (@tenant_id, @conversation_id, @person_id, @person_name, @now)
on conflict (tenant_id, conversation_id) do update
    set person_id = excluded.person_id, person_name = excluded.person_name, assigned_at = excluded.assigned_at;

-- :resolve
insert into conversation_desk as d (tenant_id, conversation_id, resolved_at, resolved_after)
select @tenant_id, c.conversation_id, @now, coalesce(c.last_inbound_at, 'epoch') from conversation c
where c.tenant_id = @tenant_id and c.conversation_id = @conversation_id
on conflict (tenant_id, conversation_id) do update
    set resolved_at = excluded.resolved_at, resolved_after = excluded.resolved_after;

-- :reopen
update conversation_desk set resolved_at = null, resolved_after = null
where tenant_id = @tenant_id and conversation_id = @conversation_id and resolved_at is not null;

-- :reopen_unread
-- Somebody wrote in the very second in which it was settled: seeing that must not settle it again.
update conversation_desk d set resolved_at = null, resolved_after = null
from conversation c
where d.tenant_id = @tenant_id and d.conversation_id = @conversation_id and d.resolved_at is not null
  and c.tenant_id = d.tenant_id and c.conversation_id = d.conversation_id and c.unread > 0;

-- :see
update conversation set unread = 0
where tenant_id = @tenant_id and conversation_id = @conversation_id and unread > 0;

-- :add_note
insert into conversation_note (tenant_id, note_id, conversation_id, person_id, person_name, body, created_at)
values (@tenant_id, @note_id, @conversation_id, @person_id, @person_name, @body, @now);
