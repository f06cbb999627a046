# past.sh SUDO KIND FILE OFFSET COUNT TEXT CASE: the lines of a part of a file that hold TEXT, all if it is
# empty; in any case where CASE is any.
# A line of JSON may write any letter as \u0061: those come too.
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
if [ "$6" = any ]; then
    part "$1" "$2" "$3" "$4" | LC_ALL=C grep -a -i -F -e "$5" -e '\u'
elif [ -n "$5" ]; then
    part "$1" "$2" "$3" "$4" | LC_ALL=C grep -a -F -e "$5" -e '\u'
else
    part "$1" "$2" "$3" "$4"
fi
exit 0
