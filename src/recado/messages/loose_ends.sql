-- :keep_loose_ends
insert into loose_end (tenant_id, wamid_hash, key, kind, at, data)
select u.tenant_id, u.wamid_hash, u.key, u.kind, u.at, u.data
from unnest(@tenant_ids::uuid[], @hashes::bytea[], @keys::bytea[], @kinds::text[], @ats::timestamptz[],
    @datas::jsonb[]) as u (tenant_id, wamid_hash, key, kind, at, data)
order by u.tenant_id, u.wamid_hash, u.key
on conflict (tenant_id, wamid_hash, key) do nothing;

-- :late_ends -> LateEnd
-- Two projectors at once, one with the message and one with the fact about it, see nothing of each other. Only what
-- was kept a moment ago can have been missed like that; how much of it is looked at is bounded.
with recent as materialized (
    select tenant_id, wamid_hash, key from loose_end
    where recorded_at > clock_timestamp() - make_interval(secs => @lately_s)
    order by recorded_at desc limit 5000
), found as (
    select r.tenant_id, r.wamid_hash, r.key, m.id as message_id, m.conversation_id, m.wamid
    from recent r cross join lateral (
        select id, conversation_id, wamid from message
        where tenant_id = r.tenant_id and wamid_hash = r.wamid_hash order by id limit 1) m
), taken as (
    delete from loose_end e using found f
    where e.tenant_id = f.tenant_id and e.wamid_hash = f.wamid_hash and e.key = f.key
    returning e.tenant_id, e.wamid_hash, e.key, e.kind, e.at, e.data
)
select t.tenant_id, t.wamid_hash, t.key, t.kind, t.at, t.data, f.message_id, f.conversation_id, f.wamid
from taken t join found f using (tenant_id, wamid_hash, key)
order by t.tenant_id, f.message_id, t.at;

-- :edit_content
-- Webhooks come in any order: an older edit that arrives late does not cover a newer one.
update message set preview = @preview, content = content
    || jsonb_build_object('edited', true, 'latest', @latest::jsonb, 'edited_at', @at::timestamptz)
where tenant_id = @tenant_id and id = @id
  and (content->>'edited_at' is null or (content->>'edited_at')::timestamptz <= @at);

-- :mark_revoked
update message set content = content || '{"revoked": true}'::jsonb
where tenant_id = @tenant_id and id = @id;
