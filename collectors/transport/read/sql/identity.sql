-- which cluster this is, in which role, and since when it runs
select (select system_identifier from pg_control_system()) as system,
       pg_is_in_recovery() as in_recovery,
       to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since
