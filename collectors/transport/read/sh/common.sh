# Looks at log files on a server. Everything that varies comes as an argument; nothing is changed.
# Needs stat -c, tail -c +N, head -c, ls (coreutils or busybox), and /proc where not by sudo.
LC_ALL=C
export LC_ALL
set -f
newline='
'
as() { if [ -n "$sudo" ]; then sudo -n -- "$@"; else "$@"; fi; }
home() { case $1 in '~/'*) printf %s "$HOME/${1#'~/'}" ;; *) printf %s "$1" ;; esac; }
# give FILE OFFSET COUNT: exactly COUNT bytes, zeros where the file has no more
give() {
    { as tail -c "+$(($2 + 1))" -- "$1" | head -c "$3"; head -c "$3" /dev/zero; } 2>/dev/null | head -c "$3"
}
# stands PATH: what is there
stands() {
    if [ -n "$sudo" ]; then
        case $(as stat -L -c %F -- "$1" 2>&1) in
        'regular file' | 'regular empty file') echo following ;;
        *'o such file'* | *'ot a directory'*) echo missing ;;
        *'ermission denied'*) echo denied ;;
        *) echo not a file ;;
        esac
    elif [ -f "$1" ]; then
        if [ -r "$1" ]; then echo following; else echo denied; fi
    elif [ -e "$1" ]; then
        echo not a file
    elif [ -d "${1%/*}/" ] && ! [ -x "${1%/*}/" ]; then
        echo denied
    else
        echo missing
    fi
}
sudo=$1
shift
echo 'quarterdeck 1'
told=$(as stat -L -c %i -- / 2>&1)
case $told in '' | *[!0-9]*) told="U $told" ;; *) told='' ;; esac
[ -n "$told" ] || [ -n "$sudo" ] || [ -e /proc/$$/fd/1 ] || told='U no /proc'
[ -n "$told" ] || [ "$(printf ab | tail -c +2 | head -c 1)" = b ] || told='U no tail -c or head -c'
if [ -n "$told" ]; then
    printf '%s\n' "${told%%"$newline"*}"
    exit 0
fi
