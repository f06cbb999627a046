# list.sh SUDO KIND PATH: a line "F dev:inode size mtime name" for each regular file.
# KIND one: before it "S" and what stands at the path, and the whole path; many: the files of a pattern; near: what has a like name in its folder.
kind=$1 path=$(home "$2") folder='' stem=''
show() { as stat -L -c 'F %d:%i %s %Y %n' -- "$@" 2>/dev/null; }
case $kind in
one)
    echo "S $(stands "$path")"
    printf '%s\n' "$path"
    set -- "$path"
    ;;
near)
    case $path in */*) folder=${path%/*}/ ;; *) folder=./ ;; esac
    stem=${path##*/} stem=${stem%.*}
    names=$(as ls -1 -- "$folder" 2>/dev/null)
    IFS=$newline
    set -- $names
    ;;
many)
    set +f
    IFS=
    set -- $path
    set -f
    ;;
esac
count=0
for name in "$@"; do
    [ $count -gt 0 ] || set --
    case $name in *"$newline"*) continue ;; "$stem"*) ;; *) continue ;; esac
    [ -n "$sudo" ] || [ -f "$folder$name" ] || continue
    set -- "$@" "$folder$name"
    count=$((count + 1))
    if [ $count -ge 200 ]; then
        show "$@"
        count=0
    fi
done
[ $count -eq 0 ] || show "$@"
exit 0
