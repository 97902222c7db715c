-- :list_templates -> TemplateRow
select t.template_id, t.waba_id, w.external_id as waba_external_id, w.name as waba_name, t.external_id, t.name,
    t.language, t.category, t.status, t.status_at, t.quality, t.parameter_format, t.components, t.rejected_reason,
    t.first_seen_at, t.synced_at, t.gone_at
from template t join waba w on w.tenant_id = t.tenant_id and w.waba_id = t.waba_id
where t.tenant_id = @tenant_id and (@gone::boolean or t.gone_at is null)
order by t.name, t.language, t.gone_at nulls first
limit 6000;

-- :list_named -> TemplateRow
select t.template_id, t.waba_id, w.external_id as waba_external_id, w.name as waba_name, t.external_id, t.name,
    t.language, t.category, t.status, t.status_at, t.quality, t.parameter_format, t.components, t.rejected_reason,
    t.first_seen_at, t.synced_at, t.gone_at
from template t join waba w on w.tenant_id = t.tenant_id and w.waba_id = t.waba_id
where t.tenant_id = @tenant_id and t.name = any(@names::text[])
order by t.name, t.language, t.gone_at nulls first
limit 500;

-- :list_of_number -> TemplateRow
select t.template_id, t.waba_id, w.external_id as waba_external_id, w.name as waba_name, t.external_id, t.name,
    t.language, t.category, t.status, t.status_at, t.quality, t.parameter_format, t.components, t.rejected_reason,
    t.first_seen_at, t.synced_at, t.gone_at
from template t join waba w on w.tenant_id = t.tenant_id and w.waba_id = t.waba_id
where t.tenant_id = @tenant_id and t.gone_at is null
  and (@number_id::uuid is null or t.waba_id = (
    select p.waba_id from phone_number p where p.tenant_id = @tenant_id and p.number_id = @number_id))
order by t.name, t.language
limit 6000;

-- :get_template -> TemplateRow
select t.template_id, t.waba_id, w.external_id as waba_external_id, w.name as waba_name, t.external_id, t.name,
    t.language, t.category, t.status, t.status_at, t.quality, t.parameter_format, t.components, t.rejected_reason,
    t.first_seen_at, t.synced_at, t.gone_at
from template t join waba w on w.tenant_id = t.tenant_id and w.waba_id = t.waba_id
where t.tenant_id = @tenant_id and t.template_id = @template_id;

-- :changes_of -> TemplateChange
select change_id, at, what, was, became, source from template_change
where tenant_id = @tenant_id and template_id = @template_id order by change_id desc limit 200;

-- :sync_states -> SyncState
select w.waba_id, w.external_id as waba_external_id, w.name as waba_name, w.provider, s.tried_at, s.synced_at,
    s.templates, s.error
from waba w left join template_sync s on s.tenant_id = w.tenant_id and s.waba_id = w.waba_id
where @tenant_id::uuid is null or w.tenant_id = @tenant_id
order by w.external_id;

-- :lock_waba -> Waba
-- Two comparisons, or a comparison and a webhook, of one WABA go one after the other.
select waba_id from waba where tenant_id = @tenant_id and waba_id = @waba_id for no key update;

-- :known -> Known
select template_id, external_id, name, language, category, status, status_at, quality, components
from template where tenant_id = @tenant_id and waba_id = @waba_id and gone_at is null;

-- :insert_template
insert into template (tenant_id, template_id, waba_id, external_id, name, language, category, status, status_at,
    quality, parameter_format, components, rejected_reason, first_seen_at, synced_at)
values (@tenant_id, @template_id, @waba_id, @external_id, @name, @language, @category, @status, @at, @quality,
    @parameter_format, @components, @rejected_reason, @now, @now);

-- :update_template
update template set external_id = @external_id, category = @category, status = @status, status_at = @at,
    quality = @quality, parameter_format = @parameter_format, components = @components,
    rejected_reason = @rejected_reason, synced_at = @now
where tenant_id = @tenant_id and template_id = @template_id;

-- :set_status
update template set status = @value, status_at = @at where tenant_id = @tenant_id and template_id = @template_id;

-- :set_quality
update template set quality = @value where tenant_id = @tenant_id and template_id = @template_id;

-- :set_category
update template set category = @value where tenant_id = @tenant_id and template_id = @template_id;

-- :mark_gone
update template set status = 'DELETED', status_at = @now, gone_at = @now
where tenant_id = @tenant_id and template_id = @template_id;

-- :note_change
insert into template_change (tenant_id, template_id, at, what, was, became, source)
values (@tenant_id, @template_id, @at, @what, @was, @became, @source);

-- :note_sync
insert into template_sync (tenant_id, waba_id, tried_at, synced_at, templates, error)
values (@tenant_id, @waba_id, @now, case when @error::text is null then @now::timestamptz end, @templates, @error)
on conflict (tenant_id, waba_id) do update set tried_at = excluded.tried_at, error = excluded.error,
    synced_at = coalesce(excluded.synced_at, template_sync.synced_at),
    templates = coalesce(excluded.templates, template_sync.templates);

-- :due_wabas -> DueWaba
select w.tenant_id, w.waba_id from waba w
left join template_sync s on s.tenant_id = w.tenant_id and s.waba_id = w.waba_id
where s.tried_at is null or s.tried_at < @before
order by s.tried_at nulls first limit 200;
