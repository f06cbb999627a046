-- replicas of this server, and the log that its slots hold back
select (select count(*) from pg_stat_replication)::int as replicas,
       (select extract(epoch from max(replay_lag))::float8 from pg_stat_replication) as replay_lag,
       case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
            then extract(epoch from now() - pg_last_xact_replay_timestamp())::float8
            when pg_is_in_recovery() then 0::float8 end as own_lag,
       (select max(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
                                   restart_lsn))::float8 from pg_replication_slots) as wal_held
