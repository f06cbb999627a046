"""Scripts that only tell, for any POSIX shell with the tools of Debian or busybox; exec's table has them.

Each prints sections under ``== NAME`` lines. What they are given comes as arguments, never inside the text.
"""

HOST = """\
LC_ALL=C; export LC_ALL
part() { printf '\\n== %s\\n' "$1"; }
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
"""
"""The machine as /proc and df tell it (proc(5), POSIX df); arguments: paths, none for all file systems."""
