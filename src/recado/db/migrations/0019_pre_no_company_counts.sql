-- The planner shall not count how much of a table belongs to which company. Statistics are a sample of the past: a
-- company that came after it "has one row", so that every index leading with the company looks as good as the right
-- one, and each lookup reads all the company has until a twentieth of the whole table is new. Uncounted, each company
-- is taken for a two-hundredth. Decision 0033; held by tests/slices/db/test_newcomer.py and tests/house/test_rls.py.
do $$
declare
    held regclass;
begin
    for held in
        select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
          and a.attname = 'tenant_id' and not a.attisdropped
    loop
        execute format('alter table %s alter column tenant_id set statistics 0', held);
        -- What was counted before stays otherwise; PostgreSQL can forget it from 18 on.
        if current_setting('server_version_num')::integer >= 180000 then
            perform pg_clear_attribute_stats('public', c.relname, 'tenant_id', false) from pg_class c where c.oid = held;
        end if;
    end loop;
end
$$;
