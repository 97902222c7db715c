-- :old_idempotency
delete from idempotency where (tenant_id, key) in (
    select tenant_id, key from idempotency where created_at < @before limit 5000);

-- :old_ledger
-- Bodies older than the retention that are done; waiting and dead ones stay whatever their age.
delete from ledger where id in (
    select l.id from ledger l
    where l.received_at < @before and not exists (select 1 from ledger_work w where w.ledger_id = l.id)
    limit 5000);

-- :old_jobs
delete from job where (tenant_id, job_id) in (
    select tenant_id, job_id from job where state = 'done' and finished_at < @before limit 5000);

-- :old_loose_ends
delete from loose_end where (tenant_id, wamid_hash, key) in (
    select tenant_id, wamid_hash, key from loose_end where recorded_at < @before order by recorded_at limit 5000);

-- :old_repeats
-- With the bodies they name.
delete from event_repeat where (tenant_id, key, ledger_id) in (
    select tenant_id, key, ledger_id from event_repeat where recorded_at < @before order by recorded_at limit 5000);
