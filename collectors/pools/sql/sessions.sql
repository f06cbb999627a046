-- a counter (14+): short connections never show in pg_stat_activity
select sum(sessions)::int8 as sessions from pg_stat_database
