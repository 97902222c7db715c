-- no-transaction
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- (The runner sends each statement by itself.)
-- One index for each list of the front desk; a query that repeats the words of the condition walks it and nothing
-- else. Conversations in which nobody ever answered us are in none of them, so sending costs nothing more.
create index concurrently if not exists conversation_waiting
on conversation (tenant_id, last_at desc, conversation_id)
where last_inbound_at is not null and (unread > 0 or last_inbound_at >= last_at)
and (unread = 0 and settled_after >= last_inbound_at) is not true;
create index concurrently if not exists conversation_open
on conversation (tenant_id, last_at desc, conversation_id)
where last_inbound_at is not null and (unread = 0 and settled_after >= last_inbound_at) is not true;
create index concurrently if not exists conversation_held
on conversation (tenant_id, holder_id, last_at desc, conversation_id)
where holder_id is not null
and (unread = 0 and settled_after >= coalesce(last_inbound_at, 'epoch')) is not true;
create index concurrently if not exists conversation_settled
on conversation (tenant_id, last_at desc, conversation_id)
where unread = 0 and settled_after >= coalesce(last_inbound_at, 'epoch');
