-- Grows the stage; growth.py fills in the names in braces. Foreign keys are not checked while seeding:
-- a million rows in seconds.
create or replace function pg_temp.made(kind text, n bigint) returns uuid language sql immutable as
$$ select md5(kind || n)::uuid $$;

insert into contact (tenant_id, contact_id, phone, created_at, updated_at)
select '{tenant}', pg_temp.made('contact', n), '+55209' || lpad(n::text, 8, '0'), now(), now()
from generate_series({from_n} / 10, {to_n} / 10 - 1) n;

insert into conversation (tenant_id, conversation_id, number_id, contact_id, last_at, created_at)
select '{tenant}', pg_temp.made('conversation', n), '{number}', pg_temp.made('contact', n), now(), now()
from generate_series({from_n} / 10, {to_n} / 10 - 1) n;

-- Ids grow with time, as UUIDv7 does.
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content,
    preview, recipient, state, rank, wamid_hash, at, created_at)
select '{tenant}', (lpad(to_hex(1700000000000 + n), 12, '0') || '7000800000000000' || kind)::uuid, 'out',
    '{number}', pg_temp.made('conversation', n / 10), pg_temp.made('contact', n / 10), 'template', 'utility',
    '{{"type": "template", "template": {{"name": "lembrete_consulta", "language": {{"code": "pt_BR"}}}}}}',
    'Lembrete', '+55209' || lpad((n / 10)::text, 8, '0'),
    case kind when '0000' then 'queued' else 'sent' end, case kind when '0000' then 0 else 2 end,
    case kind when '0000' then null else sha256(n::text::bytea) end, now() - interval '1 hour',
    now() - interval '1 hour'
from generate_series({from_n}, {to_n} - 1) n, unnest(array['0000', '0001']) kind;

insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at,
    expires_at, since)
select '{tenant}', (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000000')::uuid, '{number}',
    pg_temp.made('conversation', n / 10), 'utility', false, 1, now() - interval '1 hour' + n * interval '1 ms',
    now() + interval '1 day', now()
from generate_series({from_n}, {to_n} - 1) n;

insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, finished_at, wamid_hash)
select '{tenant}', (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
    (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000001')::uuid, '{number}', 1, 1, 'accepted',
    now(), sha256(n::text::bytea)
from generate_series({from_n}, {to_n} - 1) n;

insert into event (tenant_id, message_id, kind, at, key)
select '{tenant}', (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000001')::uuid, 'status.sent',
    now(), substr(sha256(('event' || n)::bytea), 1, 16)
from generate_series({from_n}, {to_n} - 1) n;
