-- slots: capacity for ordinary roles = max_connections - superuser_reserved - reserved (16+)
select current_setting('max_connections')::int as max_connections,
       current_setting('superuser_reserved_connections')::int as superuser_reserved,
       coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int as reserved,
       count(*) filter (where backend_type = 'client backend') as client_backends,
       count(*) filter (where query = '<insufficient privilege>') as hidden,
       count(*) filter (where backend_type = 'client backend' and state = 'active') as active,
       count(*) filter (where backend_type = 'client backend' and state = 'idle') as idle,
       count(*) filter (where backend_type = 'client backend' and state like 'idle in transaction%') as idle_in_transaction,
       count(*) filter (where wait_event_type = 'Lock') as waiting,
       extract(epoch from max(now() - state_change) filter (where state like 'idle in transaction%'))::float8
           as oldest_idle_in_transaction,
       extract(epoch from max(now() - xact_start) filter (where backend_type = 'client backend' and pid <> pg_backend_pid()))::float8
           as oldest_transaction,
       extract(epoch from max(clock_timestamp() - query_start) filter (
           where backend_type = 'client backend' and state = 'active' and pid <> pg_backend_pid()))::float8 as oldest_query,
       (select sum(numbackends) from pg_stat_database)::int as numbackends,
       (select max(age(datfrozenxid)) from pg_database)::int8 as xid_age,
       pg_is_in_recovery() as in_recovery,
       extract(epoch from now() - pg_postmaster_start_time())::float8 as uptime,
       current_setting('server_version') as version
from pg_stat_activity
