-- take our usual name $2 again: the advisory lock $1 is another's
select $1::int8 as key, set_config('application_name', $2::text, false) as named
