-- :plain
select plain_words(@said);

-- :called -> Called
-- In the index's own order, so that the look ends with the limit whatever is known about the table.
select contact_id from contact_word where tenant_id = @tenant_id and word >= @first and word < @last
order by word, contact_id limit @most;

-- :talks_of -> TalkFound
select c.conversation_id from unnest(@contact_ids::uuid[]) as k (contact_id)
cross join (select number_id from phone_number where tenant_id = @tenant_id offset 0) p
cross join lateral (
    select conversation_id from conversation
    where tenant_id = @tenant_id and number_id = p.number_id and contact_id = k.contact_id offset 0) c;
