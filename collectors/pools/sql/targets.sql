-- sessions that an action is about: those of the pids $1 ('7,8'), or those of the application $2 that are idle in
-- transaction, oldest first; what is hidden from us is told too, since it may be one of them
select a.pid, coalesce(nullif(a.application_name, ''), '(no name)') as application,
       coalesce(a.usename::text, '') as usename, coalesce(a.state, '') as state, coalesce(a.backend_type, '') as kind,
       a.pid = pg_backend_pid() as own,
       a.query is not distinct from '<insufficient privilege>' as hidden,
       extract(epoch from a.backend_start)::float8 as started,
       extract(epoch from a.xact_start)::float8 as transaction,
       extract(epoch from a.query_start)::float8 as query_started,
       extract(epoch from a.state_change)::float8 as changed,
       extract(epoch from statement_timestamp())::float8 as now,
       left(a.query, 300) as query,
       coalesce(r.rolsuper, false) as superuser,
       current_user::text as us,
       (select rolsuper from pg_roles where rolname = current_user)
           or (not coalesce(r.rolsuper, false)
               and (pg_has_role(a.usesysid, 'usage') or pg_has_role('pg_signal_backend', 'usage'))) as ours_to_signal
from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
where ($1::text <> '' and a.pid = any(string_to_array($1, ',')::int[]))
   or ($2::text <> '' and coalesce(nullif(a.application_name, ''), '(no name)') = $2 and a.pid <> pg_backend_pid()
       and (a.backend_type = 'client backend' and a.state like 'idle in transaction%'
            or a.query = '<insufficient privilege>'))
order by a.state_change nulls last, a.pid
limit 1001
