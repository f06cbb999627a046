-- take the advisory lock $1 under the name $2, which a rival then reads
select set_config('application_name', $2::text, false) as named, pg_try_advisory_lock($1::int8) as taken
