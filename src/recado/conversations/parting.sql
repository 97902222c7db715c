-- :ids_of -> KnownId
-- What these people are called by the account of this number, or by nobody knows whom.
select i.contact_id, i.kind, i.value
from contact_identity i
where i.tenant_id = @tenant_id and i.contact_id = any(@contact_ids::uuid[]) and i.kind in ('bsuid', 'parent_bsuid')
  and (i.waba_id is null or i.waba_id = coalesce(
    (select waba_id from phone_number where tenant_id = @tenant_id and number_id = @number_id), i.waba_id));

-- :take_phone
-- Their history stays; the phone is no longer a way to reach them.
with taken as (
    delete from contact_identity
    where tenant_id = @tenant_id and kind = 'phone' and value = any(@spellings::text[]) and contact_id = @contact_id
    returning contact_id
)
update contact set phone = null, updated_at = @now
where tenant_id = @tenant_id and contact_id in (select contact_id from taken)
  and ltrim(phone, '+') = any(@spellings::text[]);
