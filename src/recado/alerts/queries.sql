-- :raise_alert -> Raised
-- One open row for each matter; a repetition only says that it is still so.
insert into alert (tenant_id, kind, subject, severity, raised_at, last_seen_at, data)
values (@tenant_id, @kind, @subject, @severity, @now, @now, @data)
on conflict (tenant_id, kind, subject) where resolved_at is null do update
    set last_seen_at = greatest(alert.last_seen_at, excluded.last_seen_at), times = alert.times + 1,
        severity = excluded.severity, data = excluded.data
returning alert_id, times;

-- :resolve_alerts
update alert set resolved_at = @now
where tenant_id = @tenant_id and kind = @kind and subject = any(@subjects::text[]) and resolved_at is null;

-- :open_alerts -> Alert
-- Cheap enough for a page that is asked for every few seconds: only open ones are in the index.
select tenant_id, alert_id, kind, subject, severity, raised_at, last_seen_at, times, data
from alert where resolved_at is null
order by tenant_id, kind, subject limit @most;
