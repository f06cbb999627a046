-- the same for a role that may not ask for the system identifier
select null::int8 as system,
       pg_is_in_recovery() as in_recovery,
       to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since
