-- :find_identities -> IdentityFound
select i.kind, i.value, i.contact_id
from unnest(@kinds::text[], @values::text[]) as u (kind, value)
cross join lateral (
    select * from contact_identity
    where tenant_id = @tenant_id and kind = u.kind and value = u.value offset 0) i;

-- :insert_identities -> IdentityFound
insert into contact_identity (tenant_id, kind, value, contact_id, created_at)
select @tenant_id, u.kind, u.value, u.contact_id, @now
from unnest(@kinds::text[], @values::text[], @contact_ids::uuid[]) as u (kind, value, contact_id)
order by u.kind, u.value
on conflict (tenant_id, kind, value) do nothing
returning kind, value, contact_id;

-- :insert_strangers -> IdentityFound
-- Identity before person: two writers race for it, and only the winner's person comes into being.
with won as (
    insert into contact_identity (tenant_id, kind, value, contact_id, created_at)
    select @tenant_id, u.kind, u.value, u.contact_id, @now
    from unnest(@kinds::text[], @values::text[], @contact_ids::uuid[]) as u (kind, value, contact_id)
    order by u.kind, u.value
    on conflict (tenant_id, kind, value) do nothing
    returning kind, value, contact_id
), born as (
    insert into contact (tenant_id, contact_id, phone, bsuid, created_at, updated_at)
    select @tenant_id, u.contact_id, u.phone, u.bsuid, @now, @now
    from unnest(@contact_ids::uuid[], @phones::text[], @bsuids::text[]) as u (contact_id, phone, bsuid)
    where u.contact_id in (select contact_id from won)
)
select kind, value, contact_id from won;

-- :find_people -> PersonFound
-- Identity to person to the conversation with one number: all that accepting a message has to know.
select u.kind, u.value, u.number_id, i.contact_id, c.conversation_id, c.window_until
from unnest(@kinds::text[], @values::text[], @number_ids::uuid[]) as u (kind, value, number_id)
cross join lateral (
    select contact_id from contact_identity
    where tenant_id = @tenant_id and kind = u.kind and value = u.value offset 0) i
left join lateral (
    select conversation_id, window_until from conversation
    where tenant_id = @tenant_id and number_id = u.number_id and contact_id = i.contact_id offset 0) c on true;

-- :upsert_conversations -> ConversationFound
-- Sorted, so that two batches never wait for each other in a circle.
insert into conversation as c (tenant_id, conversation_id, number_id, contact_id, last_at, created_at)
select @tenant_id, u.conversation_id, u.number_id, u.contact_id, @now, @now
from unnest(@conversation_ids::uuid[], @number_ids::uuid[], @contact_ids::uuid[])
    as u (conversation_id, number_id, contact_id)
order by u.number_id, u.contact_id
on conflict (tenant_id, number_id, contact_id) do update set last_at = greatest(c.last_at, excluded.last_at)
returning conversation_id, number_id, contact_id, window_until;

-- :note_inbound
update conversation set last_inbound_at = greatest(last_inbound_at, @at), last_at = greatest(last_at, @at),
    window_until = greatest(window_until, @window_until), unread = unread + 1
where tenant_id = @tenant_id and conversation_id = @conversation_id;

-- :describe_contact
update contact set name = coalesce(@name, name), username = coalesce(@username, username),
    phone = coalesce(@phone, phone), bsuid = coalesce(@bsuid, bsuid), updated_at = @now
where tenant_id = @tenant_id and contact_id = @contact_id
  and (name, username, phone, bsuid) is distinct from
      (coalesce(@name, name), coalesce(@username, username), coalesce(@phone, phone), coalesce(@bsuid, bsuid));

-- :point_identities
insert into contact_identity as i (tenant_id, kind, value, contact_id, created_at, waba_id)
select @tenant_id, u.kind, u.value, @contact_id, @now,
    (select waba_id from phone_number where tenant_id = @tenant_id and number_id = @number_id)
from unnest(@kinds::text[], @values::text[]) as u (kind, value)
order by u.kind, u.value
on conflict (tenant_id, kind, value) do update
    set contact_id = excluded.contact_id, waba_id = coalesce(i.waba_id, excluded.waba_id)
    where i.contact_id is distinct from excluded.contact_id or (i.waba_id is null and excluded.waba_id is not null);

-- :contact -> ContactRow
select contact_id, phone, bsuid, name, username from contact
where tenant_id = @tenant_id and contact_id = @contact_id;

-- :conversations_of -> ConversationOf
select conversation_id, number_id, window_until, last_inbound_at, last_at, unread, pair_tat, pair_blocked_until
from conversation
where tenant_id = @tenant_id and contact_id = @contact_id for update;

-- :conversation_by_id -> ConversationView
select c.conversation_id, c.number_id, c.contact_id, c.window_until, c.last_inbound_at, c.last_at, c.unread,
    p.external_id as phone_number_id, k.name, k.username, k.phone, k.bsuid
from conversation c
join contact k on k.tenant_id = c.tenant_id and k.contact_id = c.contact_id
join phone_number p on p.tenant_id = c.tenant_id and p.number_id = c.number_id
where c.tenant_id = @tenant_id and c.conversation_id = @conversation_id;

-- :absorb_conversation
update conversation set window_until = greatest(window_until, @window_until),
    last_inbound_at = greatest(last_inbound_at, @last_inbound_at), last_at = greatest(last_at, @last_at),
    unread = unread + @unread, pair_tat = greatest(pair_tat, @pair_tat),
    pair_blocked_until = greatest(pair_blocked_until, @pair_blocked_until)
where tenant_id = @tenant_id and conversation_id = @conversation_id;

-- :hand_over_conversation
update conversation set contact_id = @contact_id
where tenant_id = @tenant_id and conversation_id = @conversation_id;
