# past.sh SUDO KIND FILE OFFSET COUNT TEXT: the lines of a part of a file that hold TEXT, all if it is empty.
# KIND plain: COUNT bytes from OFFSET; gz: COUNT bytes of what the file unpacks to.
if [ -z "$sudo" ] && ! [ -r "$2" ]; then
    echo 'it may not be read' >&2
    exit 0
fi
part() {
    if [ "$1" = gz ]; then
        as tail -c +1 -- "$2" | { gzip -dc || echo 'its end is damaged or missing' >&2; } | head -c "$4"
    else
        as tail -c "+$(($3 + 1))" -- "$2" | head -c "$4"
    fi
}
if [ -n "$5" ]; then
    part "$1" "$2" "$3" "$4" | grep -a -F -e "$5"
else
    part "$1" "$2" "$3" "$4"
fi
exit 0
