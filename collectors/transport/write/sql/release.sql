-- give the advisory lock $1 back, and take our usual name $2 again
select pg_advisory_unlock($1::int8) as released, set_config('application_name', $2::text, false) as named
