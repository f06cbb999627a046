-- sessions of each application; only client backends hold slots
select coalesce(nullif(application_name, ''), '(no name)') as application,
       count(*) as in_use,
       count(*) filter (where state = 'active') as active,
       count(*) filter (where state = 'idle') as idle,
       count(*) filter (where state like 'idle in transaction%') as idle_in_transaction,
       count(*) filter (where wait_event_type = 'Lock') as waiting,
       extract(epoch from max(now() - state_change) filter (where state like 'idle in transaction%'))::float8
           as oldest_idle_in_transaction,
       extract(epoch from max(now() - xact_start))::float8 as oldest_transaction,
       extract(epoch from max(clock_timestamp() - query_start) filter (where state = 'active'))::float8 as oldest_query
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
group by 1
order by 2 desc
limit 501
