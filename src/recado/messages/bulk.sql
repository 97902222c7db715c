-- :facts -> BulkFacts
-- What a verdict needs to know of each message: bounded by the ids, one look by primary key each.
select m.id, m.direction, m.kind, m.state, m.attention, m.number_id, o.state as outbox_state,
    r.kind is not null as resent, coalesce(c.window_until, 'epoch') as window_until
from unnest(@ids::uuid[]) as u (id)
cross join lateral (
    select id, direction, kind, state, attention, number_id, conversation_id from message
    where tenant_id = @tenant_id and id = u.id offset 0) m
left join lateral (
    select state from outbox where tenant_id = @tenant_id and message_id = m.id offset 0) o on true
-- The diary remembers it for as long as the message; the key of a request is forgotten after a week.
left join lateral (
    select kind from event where tenant_id = @tenant_id and message_id = m.id and kind = 'message.resent'
    limit 1) r on true
left join lateral (
    select window_until from conversation
    where tenant_id = @tenant_id and conversation_id = m.conversation_id offset 0) c on true;

-- :paces -> NumberPace
select number_id, rate_per_s * slow_factor as rate_per_s from lane where tenant_id = @tenant_id;

-- :forget_plans
-- Plans nobody began.
delete from bulk_job where tenant_id = @tenant_id and state = 'planned' and created_at < @before;

-- :forget_jobs
-- Of every company. Items go with their job, so only few jobs at a time.
delete from bulk_job where (tenant_id, job_id) in (
    select tenant_id, job_id from bulk_job
    where finished_at < @before or (state = 'planned' and created_at < @plans_before) limit @most);

-- :open_job
insert into bulk_job (tenant_id, job_id, action, state, actor, matched, allowed, more, seconds, refused, created_at)
values (@tenant_id, @job_id, @action, 'planned', @actor, @matched, @allowed, @more, @seconds, @refused, @now);

-- :add_items
insert into bulk_item (tenant_id, job_id, message_id, state, reason)
select @tenant_id, @job_id, u.id, case when u.reason is null then 'waiting' else 'refused' end, u.reason
from unnest(@ids::uuid[], @reasons::text[]) as u (id, reason)
on conflict do nothing;

-- :begin -> BulkRow
update bulk_job set state = 'waiting', name = @name, why = @why, actor = @actor, begins_at = @begins_at
where tenant_id = @tenant_id and job_id = @job_id and state = 'planned'
returning job_id, action, state, name, why, actor, matched, allowed, more, seconds, done, refused, created_at,
    begins_at, finished_at;

-- :job -> BulkRow
select job_id, action, state, name, why, actor, matched, allowed, more, seconds, done, refused, created_at,
    begins_at, finished_at
from bulk_job where tenant_id = @tenant_id and job_id = @job_id;

-- :jobs -> BulkRow
select job_id, action, state, name, why, actor, matched, allowed, more, seconds, done, refused, created_at,
    begins_at, finished_at
from bulk_job where tenant_id = @tenant_id and state <> 'planned' order by job_id desc limit @most;

-- :refusals -> BulkRefusal
select reason, count(*) as messages from bulk_item
where tenant_id = @tenant_id and job_id = @job_id and state = 'refused' and reason is not null
group by reason order by count(*) desc, reason;

-- :items -> BulkItem
-- What became of each.
select message_id, state, reason from bulk_item
where tenant_id = @tenant_id and job_id = @job_id and (@state::text is null or state = @state)
order by message_id desc limit @most;

-- :call_off -> BulkRow
update bulk_job set state = 'cancelled', finished_at = @now
where tenant_id = @tenant_id and job_id = @job_id and state in ('waiting', 'running')
returning job_id, action, state, name, why, actor, matched, allowed, more, seconds, done, refused, created_at,
    begins_at, finished_at;

-- :waiting -> BulkItemId
select message_id from bulk_item
where tenant_id = @tenant_id and job_id = @job_id and state = 'waiting' order by message_id limit @most;

-- :take_job -> BulkWork
-- The lock makes two workers one: whoever comes second sees what the first has written.
select action, state, why, actor from bulk_job
where tenant_id = @tenant_id and job_id = @job_id for update;

-- :take_item -> BulkItemId
select message_id from bulk_item
where tenant_id = @tenant_id and job_id = @job_id and message_id = @message_id and state = 'waiting' for update;

-- :settle_item
update bulk_item set state = case when @reason::text is null then 'done' else 'refused' end, reason = @reason
where tenant_id = @tenant_id and job_id = @job_id and message_id = @message_id;

-- :count_item
update bulk_job set state = 'running', done = done + case when @reason::text is null then 1 else 0 end,
    refused = refused + case when @reason::text is null then 0 else 1 end
where tenant_id = @tenant_id and job_id = @job_id;

-- :finish
update bulk_job set state = 'done', finished_at = @now
where tenant_id = @tenant_id and job_id = @job_id and state in ('waiting', 'running');
