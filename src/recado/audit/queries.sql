-- :append
insert into audit_entry (tenant_id, at, actor, action, target, data)
values (@tenant_id, @at, @actor, @action, @target, @data);
