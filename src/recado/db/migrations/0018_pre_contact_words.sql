-- What people are looked for by, in an order an index can walk: a name from each of its words on, and a phone from
-- its end. Whatever writes a person, the words follow in the same transaction. Row security lets an index be walked
-- for comparisons only (LIKE, trigrams and text search are not leakproof), so these are sorted rows, not a GIN index.

-- Without accents, capitals and signs.
create function plain_words(said text) returns text language sql immutable strict parallel safe
return left(btrim(regexp_replace(
    lower(regexp_replace(normalize(said, nfkd), '[\u0300-\u036f]+', '', 'g')),
    '[\s!-/:-@\[-`{-~\u00a1-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g')), 120);

create function words_of_contact(name text, username text, phone text) returns setof text
language sql immutable parallel safe
begin atomic
    select distinct array_to_string(w.words[i.n:], ' ')
    from (select string_to_array(plain_words(x.said), ' ') as words
        from unnest(array[name, username]) as x (said) where x.said is not null) w
    cross join lateral generate_series(1, least(cardinality(w.words), 12)) as i (n)
    where w.words <> '{""}'
    union all
    select '#' || reverse(regexp_replace(phone, '[^0-9]', '', 'g')) where phone ~ '[0-9]';
end;

create table contact_word (
    tenant_id uuid not null,
    contact_id uuid not null,
    word text collate "C" not null,
    primary key (tenant_id, contact_id, word)
);
create index contact_word_called on contact_word (tenant_id, word, contact_id);

create function note_contact_words() returns trigger language plpgsql set search_path = public as $$
begin
    if tg_op <> 'INSERT' then
        delete from contact_word where tenant_id = old.tenant_id and contact_id = old.contact_id;
    end if;
    if tg_op = 'DELETE' then
        return null;
    end if;
    insert into contact_word (tenant_id, contact_id, word)
    select new.tenant_id, new.contact_id, w from words_of_contact(new.name, new.username, new.phone) as w;
    return null;
end
$$;

-- Who migrates is the owner, and need not be a superuser: forced row security would hide every person from him.
alter table contact no force row level security;
insert into contact_word (tenant_id, contact_id, word)
select c.tenant_id, c.contact_id, w from contact c cross join lateral words_of_contact(c.name, c.username, c.phone) as w;
alter table contact force row level security;

create trigger contact_words_born after insert on contact
for each row execute function note_contact_words();
create trigger contact_words_changed after update of name, username, phone on contact
for each row when ((old.name, old.username, old.phone) is distinct from (new.name, new.username, new.phone))
execute function note_contact_words();

create trigger contact_words_gone after delete on contact
for each row execute function note_contact_words();

alter table contact_word enable row level security;
alter table contact_word force row level security;
create policy tenant_scope on contact_word to recado_app
using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)
with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid);
create policy engine_scope on contact_word to recado_engine using (true) with check (true);

grant select, insert, delete on contact_word to recado_app, recado_engine;
