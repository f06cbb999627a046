-- who waits for whom; pg_blocking_pids takes the lock manager exclusively, so only for those who wait
with waiting as (
    select pid, array_to_string(pg_blocking_pids(pid), ',') as blocked_by
    from pg_stat_activity where wait_event_type = 'Lock' limit 200
)
select a.pid, w.blocked_by, coalesce(a.application_name, '') as application, coalesce(a.usename::text, '') as usename,
       coalesce(a.state, '') as state,
       extract(epoch from now() - coalesce(a.xact_start, a.state_change))::float8 as in_transaction,
       (select extract(epoch from max(now() - l.waitstart))::float8 from pg_locks l where l.pid = a.pid and not l.granted) as waited,
       (select max(l.mode) from pg_locks l where l.pid = a.pid and not l.granted) as mode,
       left(a.query, 300) as query
from pg_stat_activity a left join waiting w using (pid)
where w.pid is not null
   or a.pid::text in (select unnest(string_to_array(blocked_by, ',')) from waiting)
