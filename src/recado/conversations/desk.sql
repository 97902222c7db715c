-- :part called
-- Whoever has a word that begins as what was typed. Of a crowd only the first: the rest is asked one by one.
with called as materialized (
    select contact_id from contact_word where tenant_id = @tenant_id and word >= @word_first and word < @word_last
    order by word, contact_id limit 5001)

-- :part of_somebody
(@search::text is null or (
    select name ilike @search or username ilike @search or phone like @phone from contact
    where tenant_id = @tenant_id and contact_id = c.contact_id))
  and (@word_first::text is null or c.contact_id in (select contact_id from called)
    or (select count(*) from called) > 5000 and (
        select true from contact_word
        where tenant_id = @tenant_id and contact_id = c.contact_id and word >= @word_first and word < @word_last
        limit 1))

-- :look_waiting -> Spot
-- A look goes back over at most `look` conversations along the list's own index, whatever is searched: a page costs
-- the same at a hundred and at a million. Conditions are those of the indexes (0016), word for word.
{{called}}
select c.conversation_id, c.last_at from (
    select conversation_id, contact_id, last_at from conversation
    where tenant_id = @tenant_id and last_inbound_at is not null and (unread > 0 or last_inbound_at >= last_at)
      and (unread = 0 and settled_after >= last_inbound_at) is not true
      and last_at <= @before_at and (last_at < @before_at or conversation_id > @before_id)
    order by last_at desc, conversation_id limit @look) c
where {{of_somebody}}
order by c.last_at desc, c.conversation_id offset @skip limit @most;

-- :look_open -> Spot
-- With `free` only those that nobody holds.
{{called}}
select c.conversation_id, c.last_at from (
    select conversation_id, contact_id, last_at, holder_id from conversation
    where tenant_id = @tenant_id
      and last_inbound_at is not null and (unread = 0 and settled_after >= last_inbound_at) is not true
      and last_at <= @before_at and (last_at < @before_at or conversation_id > @before_id)
    order by last_at desc, conversation_id limit @look) c
where (not @free::boolean or c.holder_id is null)
  and {{of_somebody}}
order by c.last_at desc, c.conversation_id offset @skip limit @most;

-- :look_mine -> Spot
{{called}}
select c.conversation_id, c.last_at from (
    select conversation_id, contact_id, last_at from conversation
    where tenant_id = @tenant_id and holder_id = @holder_id and holder_id is not null
      and (unread = 0 and settled_after >= coalesce(last_inbound_at, 'epoch')) is not true
      and last_at <= @before_at and (last_at < @before_at or conversation_id > @before_id)
    order by last_at desc, conversation_id limit @look) c
where {{of_somebody}}
order by c.last_at desc, c.conversation_id offset @skip limit @most;

-- :look_resolved -> Spot
{{called}}
select c.conversation_id, c.last_at from (
    select conversation_id, contact_id, last_at from conversation
    where tenant_id = @tenant_id and unread = 0 and settled_after >= coalesce(last_inbound_at, 'epoch')
      and last_at <= @before_at and (last_at < @before_at or conversation_id > @before_id)
    order by last_at desc, conversation_id limit @look) c
where {{of_somebody}}
order by c.last_at desc, c.conversation_id offset @skip limit @most;

-- :look_all -> Spot
{{called}}
select c.conversation_id, c.last_at from (
    select conversation_id, contact_id, last_at from conversation
    where tenant_id = @tenant_id
      and last_at <= @before_at and (last_at < @before_at or conversation_id > @before_id)
    order by last_at desc, conversation_id limit @look) c
where {{of_somebody}}
order by c.last_at desc, c.conversation_id offset @skip limit @most;

-- :among -> Spot
-- Those of a few conversations that belong to a list.
{{called}}
select c.conversation_id, c.last_at from conversation c
where c.tenant_id = @tenant_id and c.conversation_id = any(@ids::uuid[])
  and {{of_somebody}}
  and case @tab::text
      when 'all' then true
      when 'resolved' then c.unread = 0 and c.settled_after >= coalesce(c.last_inbound_at, 'epoch')
      else (c.unread = 0 and c.settled_after >= coalesce(c.last_inbound_at, 'epoch')) is not true
          and case @tab::text
              when 'mine' then c.holder_id = @holder_id
              when 'free' then c.last_inbound_at is not null and c.holder_id is null
              when 'waiting' then c.last_inbound_at is not null
                  and (c.unread > 0 or c.last_inbound_at >= c.last_at)
              else c.last_inbound_at is not null end end
order by c.last_at desc, c.conversation_id;

-- :counts -> Counts
-- Each counted up to `most`.
select
    (select count(*) from (
        select 1 from conversation
        where tenant_id = @tenant_id and last_inbound_at is not null
          and (unread > 0 or last_inbound_at >= last_at)
          and (unread = 0 and settled_after >= last_inbound_at) is not true
        order by last_at desc, conversation_id limit @most) n) as waiting,
    (select count(*) from (
        select 1 from conversation
        where tenant_id = @tenant_id and holder_id = @holder_id and holder_id is not null
          and (unread = 0 and settled_after >= coalesce(last_inbound_at, 'epoch')) is not true
        order by last_at desc, conversation_id limit @most) n) as mine;

-- :talks -> Talk
-- Where the last of a thread is wanted, its two ends are given as a range: only message_thread is in that order. Asked
-- with "=", a planner that has heard of few conversations walks all messages backwards instead (seen at 50,000).
select c.conversation_id, c.number_id, c.contact_id, c.window_until, c.last_inbound_at, c.last_at, c.unread,
    k.name, k.username, k.phone, k.bsuid, c.holder_id, c.holder_name as holder,
    (c.unread = 0 and c.settled_after >= coalesce(c.last_inbound_at, 'epoch')) is true as resolved,
    m.direction, m.preview, m.state
from unnest(@ids::uuid[]) with ordinality as u (id, place)
cross join lateral (
    select * from conversation where tenant_id = @tenant_id and conversation_id = u.id offset 0) c
cross join lateral (
    select * from contact where tenant_id = @tenant_id and contact_id = c.contact_id offset 0) k
left join lateral (
    select direction, preview, state from message
    where tenant_id = @tenant_id and conversation_id >= c.conversation_id
      and (conversation_id, id) <= (c.conversation_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by conversation_id desc, id desc limit 1) m on true
order by u.place;

-- :thread -> Line
select m.id, m.direction, m.kind, m.content, m.preview, m.context_wamid, m.state, m.reason, m.wamid, m.at,
    f.media_id, f.state as media_state, f.mime_type, f.filename
from message m
left join lateral (
    select media_id, state, mime_type, filename from media
    where m.direction <> 'out' and tenant_id = m.tenant_id and message_id = m.id limit 1) f on true
where m.tenant_id = @tenant_id and m.conversation_id >= @conversation_id
  and (m.conversation_id, m.id) < (@conversation_id, @before)
order by m.conversation_id desc, m.id desc
limit @most;

-- :latest_inbound -> Inbound
-- Asked when something is unread, so it is not far back; how far is bounded all the same.
select id, wamid, number_id from (
    select id, wamid, number_id, direction from message
    where tenant_id = @tenant_id and conversation_id >= @conversation_id
      and (conversation_id, id) <= (@conversation_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by conversation_id desc, id desc limit @look) m
where direction = 'in' and wamid is not null
order by id desc limit 1;

-- :notes -> Note
select note_id, person_name, body, created_at from conversation_note
where tenant_id = @tenant_id and conversation_id = @conversation_id
order by note_id desc limit 100;

-- :assign
update conversation set holder_id = @person_id, holder_name = @person_name, held_at = @now
where tenant_id = @tenant_id and conversation_id = @conversation_id;

-- :resolve
update conversation set settled_at = @now, settled_after = coalesce(last_inbound_at, 'epoch'), unread = 0
where tenant_id = @tenant_id and conversation_id = @conversation_id;

-- :reopen
update conversation set settled_at = null, settled_after = null
where tenant_id = @tenant_id and conversation_id = @conversation_id and settled_after is not null;

-- :see
-- Somebody wrote in the very second in which it was settled: seeing that must not settle it again.
update conversation set unread = 0, settled_at = null, settled_after = null
where tenant_id = @tenant_id and conversation_id = @conversation_id and unread > 0;

-- :add_note
insert into conversation_note (tenant_id, note_id, conversation_id, person_id, person_name, body, created_at)
values (@tenant_id, @note_id, @conversation_id, @person_id, @person_name, @body, @now);
