-- :find_inbound -> InboundTarget
select id, conversation_id, number_id, wamid from message
where tenant_id = @tenant_id and direction = 'in' and wamid is not null
  and (id = @id::uuid or wamid_hash = @wamid_hash)
limit 1;

-- :mark_seen
update conversation set unread = 0
where tenant_id = @tenant_id and conversation_id = @conversation_id and unread > 0;
