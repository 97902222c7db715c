-- :upsert_waba -> WabaRow
insert into waba (tenant_id, waba_id, provider, external_id, name, created_at)
values (@tenant_id, @waba_id, @provider, @external_id, @name, @now)
on conflict (tenant_id, provider, external_id) do update set name = coalesce(excluded.name, waba.name)
returning waba_id, external_id;

-- :claim_route
insert into route (provider, kind, external_id, tenant_id, target_id)
values (@provider, @kind, @external_id, @tenant_id, @target_id)
on conflict (provider, kind, external_id) do nothing;

-- :find_route -> Route
select tenant_id, target_id from route where provider = @provider and kind = @kind and external_id = @external_id;

-- :all_routes -> RouteListed
select r.provider, r.kind, r.external_id, r.tenant_id, r.target_id, t.dek
from route r join tenant t on t.tenant_id = r.tenant_id;

-- :insert_number
insert into phone_number (tenant_id, number_id, waba_id, provider, external_id, display_phone, verified_name,
    is_default, credentials, credential_hint, credentials_at, created_at, updated_at)
values (@tenant_id, @number_id, @waba_id, @provider, @external_id, @display_phone, @verified_name,
    not exists (select 1 from phone_number where tenant_id = @tenant_id), @credentials,
    @hint, clock_timestamp(), @now, @now)
on conflict (tenant_id, provider, external_id) do nothing;

-- :insert_lane
insert into lane (tenant_id, number_id, rate_per_s, burst) values (@tenant_id, @number_id, @rate_per_s, @burst);

-- :replace_credentials
update phone_number set credentials = @credentials, credential_hint = @hint, credentials_at = clock_timestamp(),
    credentials_expire_at = @expires_at, updated_at = @now
where tenant_id = @tenant_id and number_id = @number_id;

-- :renewed_since
-- Both by the database's clock.
select exists (
    select from phone_number p join attempt a on a.tenant_id = p.tenant_id and a.number_id = p.number_id
    where p.tenant_id = @tenant_id and p.number_id = @number_id and a.token = @token
      and p.credentials_at > a.started_at);

-- :list_credentials -> StoredCredentials
-- What may be shown of a secret. Never the secret: nothing here can open it.
select p.number_id, p.external_id, p.display_phone, p.verified_name, p.provider, w.external_id as waba_external_id,
    w.name as waba_name, p.credential_hint, p.credentials_at, p.credentials_expire_at, l.paused_reason
from phone_number p
join waba w on w.tenant_id = p.tenant_id and w.waba_id = p.waba_id
join lane l on l.tenant_id = p.tenant_id and l.number_id = p.number_id
where p.tenant_id = @tenant_id
order by w.external_id, p.is_default desc, p.created_at;

-- :clear_token_pause
update lane set paused_reason = null, paused_detail = null, paused_until = null, paused_at = null
where tenant_id = @tenant_id and number_id = @number_id
  and paused_reason in ('token_expired', 'permission_missing', 'proof_missing', 'credentials_unreadable');

-- :list_numbers -> NumberRow
select p.tenant_id, p.number_id, p.waba_id, w.external_id as waba_external_id, p.provider, p.external_id,
    p.display_phone, p.verified_name, p.is_default, p.quality, l.rate_per_s, l.kill_switch,
    l.platform_stop, l.stop_reason, l.paused_reason, l.paused_until, l.ordering
from phone_number p
join waba w on w.tenant_id = p.tenant_id and w.waba_id = p.waba_id
join lane l on l.tenant_id = p.tenant_id and l.number_id = p.number_id
where p.tenant_id = @tenant_id
order by p.is_default desc, p.created_at;

-- :sealed_credentials -> SealedCredentials
select p.tenant_id, p.number_id, p.provider, p.external_id, p.credentials, p.updated_at, t.dek
from phone_number p join tenant t on t.tenant_id = p.tenant_id
where p.tenant_id = @tenant_id and p.number_id = @number_id;

-- :pause_lane
-- A pause without end was set by a person and only a person lifts it. The database's clock, because what is
-- compared with it (when an attempt started) comes from there too.
update lane set paused_reason = @reason, paused_detail = @detail, paused_until = @until, paused_at = clock_timestamp()
where tenant_id = @tenant_id and number_id = @number_id
  and (paused_reason is null or paused_until is not null or @until::timestamptz is null);

-- :resume_lane
update lane set paused_reason = null, paused_detail = null, paused_until = null, paused_at = null
where tenant_id = @tenant_id and number_id = @number_id;

-- :slow_lane
-- An earlier slowdown that has run out counts for nothing, even when no claim has tidied it up yet.
update lane set slow_until = @until, slow_factor = greatest(
    0.05, case when slow_until > @now then slow_factor / 2 else 0.5 end)
where tenant_id = @tenant_id and number_id = @number_id
  and (slow_until is null or slow_until <= @until::timestamptz - interval '5 seconds');

-- :set_lane_kill
update lane set kill_switch = @on where tenant_id = @tenant_id and number_id = @number_id;

-- :set_pace
update lane set rate_per_s = @rate_per_s, burst = @burst, pair_interval_s = @pair_interval_s, pair_burst = @pair_burst
where tenant_id = @tenant_id and number_id = @number_id;

-- :lease_lanes -> Leased
-- Own leases are renewed and keep their fence: these rows are waited for, in the order claims lock them, because
-- the claim that holds one is our own. Skipping it would give up a busy lane until the next turn (seen at 500
-- messages a second). Then free or expired lanes, oldest lease first, whichever nobody else is taking.
with kept as (
    select tenant_id, number_id from lane where owner = @owner
    order by tenant_id, number_id
    limit @most
    for no key update
), free as (
    select tenant_id, number_id from lane
    where owner is distinct from @owner and lease_until < clock_timestamp()
    order by lease_until
    limit greatest(@most - (select count(*) from kept), 0)
    for no key update skip locked
)
update lane l set owner = @owner, lease_until = clock_timestamp() + make_interval(secs => @lease_s),
    fence = case when l.owner is not distinct from @owner then l.fence else l.fence + 1 end
from (select * from kept union all select * from free) mine
where l.tenant_id = mine.tenant_id and l.number_id = mine.number_id
returning l.tenant_id, l.number_id, l.fence;

-- :release_lanes
update lane set owner = null, lease_until = '-infinity' where owner = @owner;

-- :lane_counts -> LaneCounts
select count(*) as lanes, count(distinct owner) filter (where lease_until >= clock_timestamp()) as owners,
    clock_timestamp() as database_now
from lane;

-- :set_ordering
update lane set ordering = @ordering where tenant_id = @tenant_id and number_id = @number_id;
