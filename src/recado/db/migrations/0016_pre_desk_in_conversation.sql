-- squawk-ignore-file ban-drop-table
-- (What it held is copied first, in the same transaction.)
-- What the front desk decides about a conversation stands in its own row: every list is then one walk along an index.
alter table conversation
-- Who holds it; the name is kept as it was, for lists that may not look at people of other companies.
add column holder_id uuid,
add column holder_name text,
add column held_at timestamptz,
-- Settled until somebody writes again: `settled_after` is the person's last message known at that moment.
add column settled_at timestamptz,
add column settled_after timestamptz;

-- Who migrates is the owner, and need not be a superuser: forced row security would hide every row from him.
alter table conversation no force row level security;
alter table conversation_desk no force row level security;
update conversation c
set holder_id = d.person_id, holder_name = d.person_name, held_at = d.assigned_at,
    settled_at = d.resolved_at, settled_after = d.resolved_after
from conversation_desk d
where d.tenant_id = c.tenant_id and d.conversation_id = c.conversation_id;
alter table conversation force row level security;
drop table conversation_desk;
