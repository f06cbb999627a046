"""Scripts that only tell, for any POSIX shell with the tools of Debian or busybox; exec's table has them.

What they are given comes as arguments, never inside the text.
"""

UNIT = (
    "Id,LoadState,ActiveState,SubState,MainPID,ExecMainCode,ExecMainStatus,Result,NRestarts,TimeoutStopUSec,"
    "SendSIGKILL,StateChangeTimestampMonotonic,InactiveEnterTimestampMonotonic,ExecMainStartTimestampMonotonic"
)
"""Properties that are asked of a systemd unit."""

HOST = r"""
LC_ALL=C; export LC_ALL
part() { printf '\n== %s\n' "$1"; }
part began; date +%s.%N
part machine; cat /proc/sys/kernel/random/boot_id /proc/sys/kernel/osrelease
part loadavg; cat /proc/loadavg
part stat; grep -E '^(cpu[0-9]|btime )' /proc/stat
part uptime; cat /proc/uptime
part meminfo; cat /proc/meminfo
part file-nr; cat /proc/sys/fs/file-nr
part mounts; cat /proc/self/mounts
part disks; df -P -k -- "$@"
part inodes; df -P -i -- "$@"
part ended; date +%s.%N
exit 0
""".lstrip()
"""The machine as /proc and df tell it (proc(5), POSIX df); arguments: paths, none for all file systems."""

PROCESS = (
    r"""
LC_ALL=C; export LC_ALL
value=$2 known=$3 start=$4 before=$5 pid= boot=
# without -q a file's name could bring lines of its own; busybox never lets it
q=q; ls -q / >/dev/null 2>&1 || q=
stat_of() {
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${line##*) }
  state=$1 parent=$2 begun=${20}
}
lives() {
  stat_of "$1" || return 1
  case $state in [ZXx]) return 1 ;; esac
  [ "$begun" = "$2" ]
}
below() {
  if [ -e "/proc/$$/task/$$/children" ]; then
    wave=$1
    while [ -n "$wave" ]; do
      lists=
      for one in $wave; do lists="$lists /proc/$one/task/*/children"; done
      wave=$(echo $(cat $lists 2>/dev/null))
      all="$all $wave"
    done
  else
    all=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
      { pid = $1; sub(/^.*[)] /, ""); parent[pid] = $2 }
      END {
        kept[root] = 1; print root
        do {
          more = 0
          for (pid in parent) if (!(pid in kept) && parent[pid] in kept) { kept[pid] = more = 1; print pid }
        } while (more)
      }')
  fi
}
tell() {
  set -- "$1" $(ls -ldn "/proc/$1" 2>/dev/null)
  [ $# -gt 4 ] || return
  printf 'process %s %s\n' "$4" "$(tr '\n' ' ' <"/proc/$1/stat" 2>/dev/null)"
  printf 'argv %s %s\n' "$1" "$(head -c 4096 "/proc/$1/cmdline" 2>/dev/null | tr '\000\n' '\037 ')"
  all=$1 dirs=
  below "$1"
  printf 'tree %s\n' "$(echo $all)"
  for one in $all; do
    if [ -r "/proc/$one/fd" ]; then dirs="$dirs /proc/$one/fd"
    elif stat_of "$one" && [ "$state" != Z ]; then printf 'hidden %s\n' "$1"; return
    fi
  done
  [ -n "$dirs" ] || return
  { ls -l$q $dirs 2>&1; printf '\n== tcp\n'; cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null; } |
    awk -v of="$1" '
      /^== tcp$/ { tcp = 1; next }
      !tcp && /: Permission denied$/ { hidden = 1; next }
      !tcp {
        if (split($0, part, " -> ") == 2 && part[2] ~ /^socket:.[0-9]+.$/)
          open[substr(part[2], 9, length(part[2]) - 9)] = 1
        next
      }
      ($4 == "01" || $4 == "0A") && $10 in open {
        port = $2; sub(/.*:/, "", port)
        queue = $5; sub(/.*:/, "", queue)
        if ($4 == "01") count[port]++; else print "listens", of, port, queue
      }
      END {
        for (port in count) print "open", of, port, count[port]
        print hidden ? "hidden" : "sockets", of
      }'
}
read -r up rest </proc/uptime
printf 'clock %s %s\n' "$up" "$(date +%s)"
{ read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
printf 'boot %s\n' "$boot"
[ -n "$boot" ] && [ -n "$before" ] && [ "$boot" != "$before" ] && known=0
while read -r name first second rest; do
  case $name in Uid:) user=$second ;; CapEff:) rights=$first ;; esac
done </proc/$$/status
printf 'reader %s %s\n' "$user" "$rights"
case $1 in
pid) pid=$value ;;
file)
  if [ -f "$value" ] && [ -r "$value" ]; then
    text=$(head -c 64 "$value" 2>/dev/null | tr -s '\000\n\r\t ' ' ')
    printf 'file %s\n' "$(stat -L -c '%d %i %s %Y' "$value" 2>/dev/null)"
    printf 'named %s\n' "$text"
    text=${text# }; pid=${text%% *}
  elif [ -f "$value" ]; then echo 'file denied'
  elif [ -e "$value" ]; then echo 'file odd'
  else case $(ls -ld "$value" 2>&1) in *denied*) echo 'file denied' ;; *) echo 'file none' ;; esac
  fi ;;
port)
  if lives "$known" "$start"; then pid=$known; else
    found=$({
      cat /proc/net/tcp /proc/net/tcp6; printf '\n== fd\n'; ls -l$q /proc/[0-9]*/fd
    } 2>/dev/null | awk -v port="$(printf '%04X' "$value")" '
      /^== fd$/ { fd = 1; next }
      !fd {
        if ($4 == "0A" && substr($2, length($2) - 3) == port && $10 != "0") wanted[$10] = any = 1
        next
      }
      /^.proc.[0-9]+.fd:$/ { split($0, part, "/"); pid = part[3]; next }
      split($0, part, " -> ") == 2 && part[2] ~ /^socket:.[0-9]+.$/ {
        if (substr(part[2], 9, length(part[2]) - 9) in wanted && !(pid in told)) { told[pid] = 1; print pid }
      }
      END { print any ? "somebody" : "nobody" }')
    found=$(echo $found) first=
    for one in $found; do
      case $one in *body) printf 'port %s\n' "$one"; continue ;; esac
      stat_of "$one" || continue
      case $state in [ZXx]) continue ;; esac
      case " $found " in *" $parent "*) continue ;; esac
      if [ -z "$first" ] || [ "$begun" -lt "$first" ]; then first=$begun pid=$one; fi
    done
    printf 'listener %s\n' "$pid"
  fi ;;
unit)
  said=$(systemctl show --no-pager --property="""
    + UNIT
    + r""" -- "$value" 2>&1); code=$?
  printf 'unit %s\n' "$code"
  printf '%s\n' "$said" | sed 's/^/ /'
  pid=$(printf '%s\n' "$said" | sed -n 's/^MainPID=//p') ;;
esac
case $pid in 0* | *[!0-9]* | ??????????*) pid= ;; esac
[ "$pid" = "$known" ] && known=
for number in $pid $known; do tell "$number"; done
echo end
exit 0
"""
).lstrip()
"""One process as /proc tells it (proc(5)), what is below it, and the TCP of all of them.

Arguments: how it is named (``pid``, ``file``, ``port``, ``unit``), the name, and the number, the start and
the boot (empty: not known) of the one known from before (0: none), which is told of too while it is there.
"""
