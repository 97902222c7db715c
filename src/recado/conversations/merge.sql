-- :move_identities
update contact_identity set contact_id = @keep where tenant_id = @tenant_id and contact_id = @absorb;

-- :move_messages
update message set conversation_id = @keep, contact_id = @contact_id
where tenant_id = @tenant_id and conversation_id = @absorb;

-- :move_outbox
-- contact_id only names the person for the statement's shape; outbox keeps no contact. Both sides may have an
-- ordered message on the wire: that has happened, so the one that moves stops claiming its place in the order.
update outbox set conversation_id = @keep, ordered = ordered and state not in (1, 2)
where tenant_id = @tenant_id and conversation_id = @absorb and @contact_id::uuid is not null;

-- :repoint_messages
update message set contact_id = @keep where tenant_id = @tenant_id and contact_id = @absorb;

-- :move_notes
update conversation_note set conversation_id = @keep where tenant_id = @tenant_id and conversation_id = @absorb;

-- :move_holder
update conversation k set holder_id = a.holder_id, holder_name = a.holder_name, held_at = a.held_at
from conversation a
where a.tenant_id = @tenant_id and a.conversation_id = @absorb and a.holder_id is not null
  and k.tenant_id = @tenant_id and k.conversation_id = @keep and k.holder_id is null;

-- :leave_empty
-- What was in it stands elsewhere now: nobody waits here, and no list but the longest shows it.
update conversation set unread = 0, last_inbound_at = null, holder_id = null, holder_name = null, held_at = null,
    settled_at = null, settled_after = null
where tenant_id = @tenant_id and conversation_id = @absorb;
