-- :insert_tenant
insert into tenant (tenant_id, client_id, name, mode, timezone, locale, settings, dek, created_at, updated_at)
values (@tenant_id, @client_id, @name, @mode, @timezone, @locale, '{}', @dek, @now, @now)
on conflict (client_id) do nothing;

-- :tenant_by_client_id -> TenantRow
select tenant_id, client_id, name, mode, kill_switch, kill_reason, platform_stop, platform_reason, kind_stops,
    timezone, locale, ordering, settings, dek, created_at
from tenant where client_id = @client_id;

-- :tenant_by_id -> TenantRow
select tenant_id, client_id, name, mode, kill_switch, kill_reason, platform_stop, platform_reason, kind_stops,
    timezone, locale, ordering, settings, dek, created_at
from tenant where tenant_id = @tenant_id;

-- :list_tenants -> TenantRow
select tenant_id, client_id, name, mode, kill_switch, kill_reason, platform_stop, platform_reason, kind_stops,
    timezone, locale, ordering, settings, dek, created_at
from tenant order by client_id;

-- :update_tenant
update tenant set name = @name, mode = @mode, timezone = @timezone, locale = @locale, ordering = @ordering,
    settings = @settings,
    kill_switch = @kill_switch, kill_reason = @kill_reason, updated_at = @now
where tenant_id = @tenant_id;

-- :all_deks -> WrappedKey
select tenant_id, dek from tenant order by tenant_id for update;

-- :replace_dek
update tenant set dek = @dek, updated_at = @now where tenant_id = @tenant_id;

-- :insert_key
insert into api_key (tenant_id, key_id, name, prefix, hash, scopes, created_at, expires_at)
values (@tenant_id, @key_id, @name, @prefix, @hash, @scopes, @now, @expires_at);

-- :key_by_hash -> KeyRow
select k.tenant_id, k.key_id, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, t.client_id
from api_key k join tenant t on t.tenant_id = k.tenant_id
where k.hash = @hash;

-- :list_keys -> KeyListed
select key_id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at
from api_key where tenant_id = @tenant_id order by created_at;

-- :revoke_key
update api_key set revoked_at = @now
where tenant_id = @tenant_id and revoked_at is null and (prefix = @which or key_id::text = @which);

-- :touch_key
update api_key set last_used_at = @now where tenant_id = @tenant_id and key_id = @key_id;

-- :kill_switch -> KillSwitch
select kill_switch, kill_reason, forced, forced_why from installation where id = 1;

-- :set_kill_switch
update installation set kill_switch = @on, kill_reason = @reason where id = 1;

-- :lock_tenant -> TenantRow
-- Whoever changes settings reads them here: two people never write over each other's half.
select tenant_id, client_id, name, mode, kill_switch, kill_reason, platform_stop, platform_reason, kind_stops,
    timezone, locale, ordering, settings, dek, created_at
from tenant where tenant_id = @tenant_id for no key update;

-- :set_platform_stop
update tenant set platform_stop = @on, platform_reason = @reason where tenant_id = @tenant_id;

-- :set_kind_stops
update tenant set kind_stops = @stops where tenant_id = @tenant_id;

-- :key_by_id -> KeyListed
select key_id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at
from api_key where tenant_id = @tenant_id and key_id = @key_id for update;

-- :end_key_at
-- Never later than it would have ended anyway.
update api_key set expires_at = least(expires_at, @expires_at)
where tenant_id = @tenant_id and key_id = @key_id and revoked_at is null;
