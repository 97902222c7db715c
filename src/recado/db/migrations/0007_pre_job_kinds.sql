-- no-transaction
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- Jobs are claimed kind by kind, so that a thousand files waiting to be fetched are not in the way of the rest.
create index concurrently if not exists job_due_of_kind on job (kind, due_at) where state = 'queued';
drop index concurrently if exists job_due;
create index concurrently if not exists orphan_event_of_number on orphan_event (provider, number_external_id);
create index concurrently if not exists orphan_event_of_waba on orphan_event (provider, waba_external_id);
