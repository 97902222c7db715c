-- :keep_repeats
-- Not the body that said it first: reading that one again is no repetition.
insert into event_repeat (tenant_id, key, ledger_id)
select u.tenant_id, u.key, u.ledger_id
from unnest(@tenant_ids::uuid[], @keys::bytea[], @ledger_ids::bigint[]) as u (tenant_id, key, ledger_id)
cross join lateral (
    select ledger_id from event where tenant_id = u.tenant_id and key = u.key offset 0) e
where e.ledger_id is distinct from u.ledger_id
on conflict (tenant_id, key, ledger_id) do nothing;
