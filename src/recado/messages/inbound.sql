-- :insert_inbound -> LooseEnd
-- What was told about it before it came is taken in the same breath.
with stored as (
    insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, content, preview,
        context_wamid, state, wamid, wamid_hash, at, created_at, sent_at)
    values (@tenant_id, @id, @direction, @number_id, @conversation_id, @contact_id, @kind, @content, @preview,
        @context_wamid, @state, @wamid, @wamid_hash, @at, @now, @at)
)
delete from loose_end where tenant_id = @tenant_id and wamid_hash = @wamid_hash
returning key, kind, at, data;

-- :message_by_wamid -> WamidMatch
select id, conversation_id, direction, state, content from message
where tenant_id = @tenant_id and wamid_hash = @wamid_hash
order by id limit 1;

-- :insert_event_once -> EventSeq
insert into event (tenant_id, message_id, conversation_id, kind, at, key, ledger_id, data)
values (@tenant_id, @message_id, @conversation_id, @kind, @at, @key, @ledger_id, @data)
on conflict (tenant_id, key) where key is not null do nothing
returning seq;

-- :open_attempt_by_pair -> OpenAttempt
-- An inbound message that quotes an unknown wamid proves that our undecided message of this pair arrived, but
-- only where the wamid can be nobody else's: the number has been ours for longer than a quote can reach back
-- (about 30 days), and no other application was seen sending through the account in that time.
select a.token, a.message_id from attempt a
join outbox o on o.tenant_id = a.tenant_id and o.message_id = a.message_id and o.token = a.token
join phone_number p on p.tenant_id = a.tenant_id and p.number_id = a.number_id
where a.tenant_id = @tenant_id and o.conversation_id = @conversation_id and a.state in ('intent', 'in_doubt')
  and p.created_at < a.started_at - interval '31 days'
  and not exists (
      select 1 from event e where e.tenant_id = a.tenant_id and e.kind = 'status.foreign'
          and e.recorded_at > a.started_at - interval '31 days' limit 1);

