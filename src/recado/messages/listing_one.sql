-- :told_again -> ToldAgain
-- How many more bodies said what the diary has once.
select e.seq, r.again from (
    select seq, key from event
    where tenant_id = @tenant_id and message_id = @id and key is not null order by seq limit 500) e
cross join lateral (
    select count(*) as again from (
        select 1 from event_repeat where tenant_id = @tenant_id and key = e.key limit 1000) counted) r
where r.again > 0;

-- :bodies -> ToldBy
-- The bodies that told the story, and those that told it again; the first word of each kind comes first.
select e.ledger_id, e.kind, false as again from (
    select seq, ledger_id, kind from event
    where tenant_id = @tenant_id and message_id = @id and ledger_id is not null order by seq limit 50) e
union all
select r.ledger_id, e.kind, true as again from (
    select seq, key, kind from event
    where tenant_id = @tenant_id and message_id = @id and key is not null order by seq limit 50) e
cross join lateral (
    select ledger_id from event_repeat where tenant_id = @tenant_id and key = e.key
    order by ledger_id limit 20) r
order by ledger_id, again limit 100;

-- :key_of_request -> RequestKey
-- Both were written in one moment: the summary by time leads to a few pages, there is no index by message.
select key from idempotency
where tenant_id = @tenant_id and created_at = @created_at and message_id = @id limit 1;

-- :answers -> Answer
-- What a try was answered; of one that was taken only the id is kept.
select n, detail, substring(answer for 65536) as answer from attempt
where tenant_id = @tenant_id and message_id = @id order by n desc limit 20;

-- :heard_before -> Heard
-- The last word of the person that was known at that moment, looked for among the last so many of the conversation.
select id, at, kind, preview from (
    select id, at, kind, preview, direction from message
    where tenant_id = @tenant_id and conversation_id = @conversation_id and id < @before
    order by id desc limit @look) m
where direction = 'in' order by id desc limit 1;

-- :heard_after -> Heard
-- What the person said to it: the first word that quotes it, else the first one after it.
select id, at, kind, preview from (
    select id, at, kind, preview, direction, context_wamid from message
    where tenant_id = @tenant_id and conversation_id = @conversation_id and id > @id
    order by id limit @look) m
where direction = 'in' and at >= @since and at < @until
order by coalesce(context_wamid = @wamid, false) desc, id limit 1;

-- :sent_by -> SentBy
select p.provider, m.context_wamid from message m
join phone_number p on p.tenant_id = m.tenant_id and p.number_id = m.number_id
where m.tenant_id = @tenant_id and m.id = @id;

-- :contents -> Content
select m.id, m.content from unnest(@ids::uuid[]) as u (id)
cross join lateral (select id, content from message where tenant_id = @tenant_id and id = u.id offset 0) m;

-- :last_failure -> Failure
-- Of the newest that ended with a reason; nothing when none of them was a failure.
select coalesce(failed_at, created_at) as at from (
    select id, direction, state, failed_at, created_at from message
    where tenant_id = @tenant_id and reason is not null order by id desc limit @look) m
where direction = 'out' and state in ('rejected', 'failed', 'expired', 'expired_in_doubt')
order by id desc limit 1;
