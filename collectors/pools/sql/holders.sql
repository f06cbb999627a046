-- sessions by how long their transaction is open, of one application ($1) or of all (empty)
select pid, coalesce(application_name, '') as application, coalesce(usename::text, '') as usename,
       coalesce(host(client_addr), 'local') as client, coalesce(state, '') as state,
       extract(epoch from now() - xact_start)::float8 as in_transaction,
       extract(epoch from now() - state_change)::float8 as in_state,
       case when wait_event_type = 'Lock' then array_to_string(pg_blocking_pids(pid), ', ') end as waits_for,
       left(query, 300) as query
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
  and ($1::text = '' or coalesce(nullif(application_name, ''), '(no name)') = $1)
order by xact_start nulls last, state_change
limit 50
