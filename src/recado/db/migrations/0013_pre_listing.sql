-- no-transaction
-- What has a reason is what somebody looks for: skipped, refused, expired, cancelled. Ordinary messages never have
-- one, so this index costs them nothing and their status updates stay in place (`reason` does not change).
create index concurrently if not exists message_with_reason on message (tenant_id, id) where reason is not null;
