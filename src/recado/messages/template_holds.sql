-- :free_templates
-- Runs when a lane's stops changed, never by the clock.
with freed as (
    update outbox set state = 0, due_at = greatest(due_at, @now)
    where (tenant_id, message_id) in (
        select o.tenant_id, o.message_id from outbox o
        join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
            and m.reason in ('template_paused', 'template_disabled')
        join lane l on l.tenant_id = o.tenant_id and l.number_id = o.number_id
        where o.state = 4 and o.tenant_id = @tenant_id
          and not l.template_stops ? ((m.content #>> '{template,name}') || '|'
            || replace(m.content #>> '{template,language,code}', '-', '_'))
        order by o.tenant_id, o.message_id limit @most for update of o skip locked)
    returning tenant_id, message_id, conversation_id
), shown as (
    update message m set state = 'queued', reason = null
    from freed f where m.tenant_id = f.tenant_id and m.id = f.message_id and m.rank = 0
)
insert into event (tenant_id, message_id, conversation_id, kind, at, data)
select tenant_id, message_id, conversation_id, 'message.released', @now, '{"reason": "template"}' from freed;

-- :free_expired
-- An index range: what is held and over.
update outbox set state = 0, due_at = @now
where (tenant_id, message_id) in (
    select o.tenant_id, o.message_id from outbox o
    join message m on m.tenant_id = o.tenant_id and m.id = o.message_id
        and m.reason in ('template_paused', 'template_disabled')
    where o.state = 4 and o.expires_at <= @now
    order by o.tenant_id, o.message_id limit @most for update of o skip locked);
