-- :keep_facts
update phone_number set checked_at = @now, quality = coalesce(@quality, quality),
    provider_status = coalesce(@status, provider_status), throughput = coalesce(@throughput, throughput),
    messaging_limit = coalesce(@messaging_limit, messaging_limit), name_status = coalesce(@name_status, name_status),
    display_phone = coalesce(@display_phone, display_phone), verified_name = coalesce(@verified_name, verified_name)
where tenant_id = @tenant_id and number_id = @number_id;
