-- :move_identities
update contact_identity set contact_id = @keep where tenant_id = @tenant_id and contact_id = @absorb;

-- :move_messages
update message set conversation_id = @keep, contact_id = @contact_id
where tenant_id = @tenant_id and conversation_id = @absorb;

-- :move_outbox
-- contact_id only names the person for the statement's shape; outbox keeps no contact.
update outbox set conversation_id = @keep
where tenant_id = @tenant_id and conversation_id = @absorb and @contact_id::uuid is not null;

-- :repoint_messages
update message set contact_id = @keep where tenant_id = @tenant_id and contact_id = @absorb;
