-- :message -> MessageRow
select m.tenant_id, m.id, m.direction, m.number_id, p.external_id as phone_number_id, m.conversation_id,
    m.contact_id, m.kind, m.class as message_class, m.content, m.preview, m.recipient, m.client_reference,
    m.scheduled_at, m.expires_at, m.state, m.reason, m.reason_code, m.reason_detail, m.wamid, m.accepted_at,
    m.sent_at, m.delivered_at, m.read_at, m.failed_at, m.created_at,
    o.state as outbox_state, o.due_at as outbox_due_at, o.tries as outbox_tries,
    l.paused_reason as lane_reason, l.kill_switch or l.platform_stop as lane_kill, t.kill_switch or t.platform_stop as tenant_kill
from message m
join phone_number p on p.tenant_id = m.tenant_id and p.number_id = m.number_id
join lane l on l.tenant_id = m.tenant_id and l.number_id = m.number_id
join tenant t on t.tenant_id = m.tenant_id
left join outbox o on o.tenant_id = m.tenant_id and o.message_id = m.id
where m.tenant_id = @tenant_id and m.id = @id;

-- :list_messages -> MessageRow
-- Keyset on the id: UUIDv7 sorts by time, so a page costs the same at ten thousand and ten million rows.
select m.tenant_id, m.id, m.direction, m.number_id, p.external_id as phone_number_id, m.conversation_id,
    m.contact_id, m.kind, m.class as message_class, m.content, m.preview, m.recipient, m.client_reference,
    m.scheduled_at, m.expires_at, m.state, m.reason, m.reason_code, m.reason_detail, m.wamid, m.accepted_at,
    m.sent_at, m.delivered_at, m.read_at, m.failed_at, m.created_at,
    o.state as outbox_state, o.due_at as outbox_due_at, o.tries as outbox_tries,
    l.paused_reason as lane_reason, l.kill_switch or l.platform_stop as lane_kill, t.kill_switch or t.platform_stop as tenant_kill
from message m
join phone_number p on p.tenant_id = m.tenant_id and p.number_id = m.number_id
join lane l on l.tenant_id = m.tenant_id and l.number_id = m.number_id
join tenant t on t.tenant_id = m.tenant_id
left join outbox o on o.tenant_id = m.tenant_id and o.message_id = m.id
where m.tenant_id = @tenant_id
  and m.id < @before
  and (@direction::text is null or m.direction = @direction)
  and (@states::text[] is null or case o.state when 1 then 'sending' when 2 then 'in_doubt'
        when 3 then 'needs_decision' when 4 then 'held' else m.state end = any(@states))
  and (@kind::text is null or m.kind = @kind)
  and (@recipient::text is null or m.recipient = @recipient)
  and (@reference::text is null or m.client_reference = @reference)
  and (@conversation::uuid is null or m.conversation_id = @conversation)
  and (@since::timestamptz is null or m.created_at >= @since)
  and (@until::timestamptz is null or m.created_at < @until)
order by m.id desc
limit @most;

-- :events_of -> EventRow
select seq, kind, at, recorded_at, data from event
where tenant_id = @tenant_id and message_id = @id order by seq limit 500;

-- :attempts_of -> AttemptRow
select token, n, state, started_at, finished_at, doubt_at, echo_at, reason, code, http_status, elapsed_ms
from attempt where tenant_id = @tenant_id and message_id = @id order by n;

-- :cancel_waiting -> Cancelled
-- Only what no worker has taken: an intent in flight has state 1 and is not matched.
delete from outbox where tenant_id = @tenant_id and message_id = @id and state in (0, 4) returning message_id;

-- :close_message
update message set state = @state, reason = @reason, reason_detail = @detail, attention = @attention,
    failed_at = case when @failed::boolean then @now else failed_at end
where tenant_id = @tenant_id and id = @id;

-- :append_event
insert into event (tenant_id, message_id, conversation_id, kind, at, key, ledger_id, data)
values (@tenant_id, @message_id, @conversation_id, @kind, @at, @key, @ledger_id, @data)
on conflict (tenant_id, key) where key is not null do nothing;
