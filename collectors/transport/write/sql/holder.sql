-- who else holds the lock $1: in any database of the server, since another console may be on another one
select coalesce(a.application_name, '') as application
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.pid <> pg_backend_pid()
  and ((l.classid::int8 << 32) | l.objid::int8) = $1::int8
limit 1
