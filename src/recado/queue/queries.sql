-- :enqueue
insert into job (tenant_id, job_id, kind, payload, dedupe, due_at, created_at)
values (@tenant_id, @job_id, @kind, @payload, @dedupe, @due_at, @now)
on conflict (tenant_id, kind, dedupe) where dedupe is not null do nothing;

-- :enqueue_again
-- A new identity for the new life: whoever still works on the old one can no longer settle it.
insert into job (tenant_id, job_id, kind, payload, dedupe, due_at, created_at)
values (@tenant_id, @job_id, @kind, @payload, @dedupe, @due_at, @now)
on conflict (tenant_id, kind, dedupe) where dedupe is not null do update
    set job_id = excluded.job_id, payload = excluded.payload, state = 'queued', due_at = excluded.due_at, tries = 0,
        lease_until = '-infinity', error = null, created_at = excluded.created_at, finished_at = null
    where job.state <> 'queued';

-- :claim_jobs -> Job
-- The lease makes a vanished worker's job claimable again; CTE first, so that LIMIT binds before the update.
with due as materialized (
    select j.tenant_id, j.job_id from unnest(@kinds::text[]) as k (kind)
    cross join lateral (
        select tenant_id, job_id, due_at from job
        where kind = k.kind and state = 'queued' and due_at <= @now and lease_until < clock_timestamp()
        order by due_at limit @most for update skip locked) j
    order by j.due_at limit @most
)
update job j set tries = j.tries + 1, lease_until = clock_timestamp() + make_interval(secs => @lease_s)
from due where j.tenant_id = due.tenant_id and j.job_id = due.job_id
returning j.tenant_id, j.job_id, j.kind, j.payload, j.tries;

-- :renew_lease
update job set lease_until = clock_timestamp() + make_interval(secs => @lease_s)
where tenant_id = @tenant_id and job_id = @job_id and state = 'queued' and tries = @tries;

-- :finish_job
update job set state = 'done', finished_at = @now, error = null
where tenant_id = @tenant_id and job_id = @job_id and state = 'queued';

-- :retry_job
-- Only by whoever holds it: a worker thought dead must not free a job its successor is working on.
update job set due_at = @due_at, error = @error, lease_until = '-infinity'
where tenant_id = @tenant_id and job_id = @job_id and state = 'queued' and tries = @tries;

-- :bury_job
update job set state = 'dead', error = @error, finished_at = @now
where tenant_id = @tenant_id and job_id = @job_id and state = 'queued' and tries = @tries;
