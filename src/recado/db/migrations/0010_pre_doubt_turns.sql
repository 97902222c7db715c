-- When somebody last looked at a message in doubt: those that waited longest come first, so that many that cannot be
-- decided are never in the way of one that can. In no index: only rows in doubt are ever sorted by it.
alter table outbox add column looked_at timestamptz not null default '-infinity';
