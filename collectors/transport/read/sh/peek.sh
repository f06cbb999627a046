# peek.sh SUDO (PATH OFFSET COUNT)...: the bytes at these places, one after the other.
while [ $# -ge 3 ]; do
    give "$1" "$2" "$3"
    shift 3
done
