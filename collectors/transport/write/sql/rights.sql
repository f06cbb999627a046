-- which of the roles $1 ('a,b') we are no member of; whether there are sessions besides ours that our own rights reach
select current_user::text as us,
       (select rolsuper from pg_roles where rolname = current_user) as superuser,
       coalesce((select string_agg(need, ',') from unnest(string_to_array($1::text, ',')) as need
                 where not coalesce((select pg_has_role(r.oid, 'usage') from pg_roles r where r.rolname = need), false)),
                '') as lacking,
       exists (select 1 from pg_stat_activity
               where usesysid is not null and pg_has_role(usesysid, 'usage') and backend_type = 'client backend'
                 and pid <> pg_backend_pid() and application_name !~ '^quarterdeck( |$)') as some
