-- cancel or terminate ($3) the session of pid $1 that began at $2, if it is still one of the states $4 (empty: any),
-- in that state since $5 or longer, in the transaction that began at $6, at the query that began at $7 (null: any);
-- one statement, so that nothing lies between the look and the signal. What is hidden from us compares as null and
-- is never signalled.
select case
         when s.pid is null then 'gone'
         when s.backend_start is null then 'hidden'
         when s.started <> $2::float8 then 'gone'
         when s.pid = pg_backend_pid() then 'own'
         when s.backend_type <> 'client backend' then 'kind'
         when $4::text <> '' and (s.state = any(string_to_array($4, ','))) is not true then 'state'
         when $5::float8 is not null and (s.changed <= $5) is not true then 'state'
         when $6::float8 is not null and (s.transaction = $6) is not true then 'state'
         when $7::float8 is not null and (s.query_started = $7) is not true then 'state'
         when $3::text = 'cancel' then case when pg_cancel_backend(s.pid) then 'done' else 'gone' end
         when $3 = 'terminate' then case when pg_terminate_backend(s.pid) then 'done' else 'gone' end
       end as answer,
       coalesce(s.state, '') as state, coalesce(s.backend_type, '') as kind
from (select 1) as always
left join (
    select pid, state, backend_type, backend_start,
           extract(epoch from backend_start)::float8 as started,
           extract(epoch from state_change)::float8 as changed,
           extract(epoch from xact_start)::float8 as transaction,
           extract(epoch from query_start)::float8 as query_started
    from pg_stat_activity
) as s on s.pid = $1::int
