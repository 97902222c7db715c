-- :set_platform_stop
update lane set platform_stop = @on, stop_reason = @reason where tenant_id = @tenant_id and number_id = @number_id;

-- :set_template_stops
-- In the order in which claims lock lanes.
with mine as (
    select l.tenant_id, l.number_id from lane l
    join phone_number p on p.tenant_id = l.tenant_id and p.number_id = l.number_id
    where l.tenant_id = @tenant_id and p.waba_id = @waba_id and l.template_stops is distinct from @stops::jsonb
    order by l.tenant_id, l.number_id for no key update of l
)
update lane l set template_stops = @stops::jsonb from mine
where l.tenant_id = mine.tenant_id and l.number_id = mine.number_id;
