# follow.sh SUDO EVERY MOST PATTERN (INDEX PATH ID OFFSET)...: what is written to these files.
# Files of one INDEX stand oldest first, the last of them at the path that is followed (ID none: not there).
#   N slot index id offset size     a file is read from here on
#   D slot start count size mtime   then COUNT bytes from START; those before the slot's offset were sent before
#   E slot id size                  how that file stood after they were read
#   Z slot                          a file that went away was read to its end
#   A index length                  then LENGTH bytes: the path of a file that came
#   G index                         a path of the pattern is gone
#   S index word                    what stands at a path: following, missing, denied, not a file
#   X                               not what it was: look again
#   K                               nothing new, or the first pass is over
every=$1 most=$2 pattern=$(home "$3")
shift 3
slots='' indices='' closed='' next=0 count=0 idle=0 tick=0

halt() { for slot in $slots; do eval "kill \"\$hold_$slot\"" 2>/dev/null; done; }
trap halt EXIT
trap 'exit 0' HUP INT TERM PIPE

moved() {
    echo X
    exit 0
}

# hold SLOT PATH: keep a file open, so that it can be read when it was renamed or deleted
hold() {
    eval "file_$1=\$2 hold_$1="
    [ -z "$sudo" ] || return 0
    { { while kill -0 $$; do sleep 20; done >/dev/null 2>&1 & } 3<"$2"; } 2>/dev/null || return 1
    eval "hold_$1=\$! file_$1=/proc/\$!/fd/3"
}

# begin INDEX PATH ID OFFSET: read one more file
begin() {
    hold $next "$2" || return 1
    eval "told=\$(as stat -L -c '%d:%i %s' -- \"\$file_$next\" 2>/dev/null)"
    [ -n "$told" ] || moved
    id=${told% *} size=${told#* }
    case $3 in any | "$id") ;; *) moved ;; esac
    eval "index_$next=$1 id_$next=$id offset_$next=$4 rest_$next=0 newest_$1=$next"
    slots="$slots $next"
    printf 'N %s %s %s %s %s\n' $next $1 "$id" "$4" "$size"
    next=$((next + 1))
}

say() { eval "[ \"\$word_$1\" = '$2' ]" || printf 'S %s %s\n' $1 "$2"; eval "word_$1='$2'"; }

# between INDEX PATH FILE: rotated more than once between two looks
between() {
    turn=1
    while [ $turn -lt 9 ] && [ -f "$2.$turn" ] && ! [ "$2.$turn" -ef "$3" ]; do turn=$((turn + 1)); done
    [ "$2.$turn" -ef "$3" ] || return 0
    while [ $turn -gt 1 ]; do
        turn=$((turn - 1))
        begin $1 "$2.$turn" any 0
    done
}

# watch INDEX: whether another file stands at its path
watch() {
    eval "path=\$path_$1 last=\$newest_$1"
    if [ -n "$last" ]; then
        eval "file=\$file_$last"
        # by sudo the file is known by its path alone: its number is compared when it is read
        [ -z "$sudo" ] || return 0
        if [ "$path" -ef "$file" ]; then
            say $1 following
            return 0
        fi
    fi
    word=$(stands "$path")
    if [ "$word" = following ]; then
        [ -z "$last" ] || between $1 "$path" "$file"
        begin $1 "$path" any 0 || word=denied
    fi
    say $1 "$word"
}

# advance SLOT ID SIZE MTIME: send what is new
advance() {
    eval "id=\$id_$1 at=\$offset_$1 file=\$file_$1 index=\$index_$1"
    [ "$2" = "$id" ] && [ "$3" -ge "$at" ] || moved
    eval "busy=\$busy_$index newest=\$newest_$index word=\$word_$index"
    # what is older comes first
    [ "$busy" != $tick ] || return 0
    if [ "$3" -gt "$at" ]; then
        back=$at amount=$(($3 - at))
        [ $back -le 64 ] || back=64
        if [ $amount -gt $most ]; then
            amount=$most more=1
            eval "busy_$index=$tick"
        fi
        printf 'D %s %s %s %s %s\n' $1 $((at - back)) $((back + amount)) "$3" "$4"
        give "$file" $((at - back)) $((back + amount))
        printf 'E %s %s\n' $1 "$(as stat -L -c '%d:%i %s' -- "$file" 2>/dev/null)"
        eval "offset_$1=$((at + amount)) rest_$1=0"
        said=1
    elif [ $1 != "$newest" ] || [ "$word" != following ]; then
        eval "rest_$1=\$((rest_$1 + 1)) rest=\$rest_$1"
        [ $rest -lt 10 ] || close $1
    fi
}

# close SLOT: let a file go that was renamed or deleted
close() {
    eval "kill \"\$hold_$1\" 2>/dev/null; closed=\"\$id_$1 \$closed\" index=\$index_$1"
    kept=''
    for slot in $slots; do [ $slot = $1 ] || kept="$kept $slot"; done
    slots=$kept
    echo "Z $1"
    eval "[ \"\$newest_$index\" != $1 ] || newest_$index=''"
    eval "[ -n \"\$newest_$index\" ] || path=\$path_$index"
    if [ -n "$pattern" ] && eval "[ -z \"\$newest_$index\" ]"; then
        kept=''
        for other in $indices; do [ $other = $index ] || kept="$kept $other"; done
        indices=$kept
        echo "G $index"
    fi
}

# named PATH: whether it is one that is followed
named() {
    for other in $indices; do eval "[ \"\$path_$other\" = \"\$1\" ]" && return 0; done
    return 1
}

# known PATH: whether it is followed, under this name or another, or was
known() {
    named "$1" && return 0
    for slot in $slots; do eval "[ \"\$1\" -ef \"\$file_$slot\" ]" && return 0; done
    id=$(as stat -L -c '%d:%i' -- "$1" 2>/dev/null)
    case " $closed " in *" $id "*) return 0 ;; esac
    return 1
}

# spread: the files of the pattern that came
spread() {
    set +f
    IFS=
    set -- $pattern
    set -f
    IFS=' '
    for path in "$@"; do
        case $path in
        *.gz | *.bz2 | *.xz | *.zst | *.zip | *.lz4 | *"$newline"*) continue ;;
        *.[0-9] | *.[0-9][0-9] | *.[0-9][0-9][0-9]) [ ! -e "${path%.*}" ] && ! named "${path%.*}" || continue ;;
        esac
        [ -f "$path" ] && [ -r "$path" ] && [ $count -lt 64 ] || continue
        known "$path" && continue
        printf 'A %s %s\n%s' $count ${#path} "$path"
        add $count "$path"
    done
}

add() {
    eval "path_$1=\$2"
    case " $indices " in *" $1 "*) return ;; esac
    eval "newest_$1= word_$1= busy_$1="
    indices="$indices $1" count=$(($1 + 1))
}

IFS=' '
while [ $# -ge 4 ]; do
    add $1 "$2"
    [ "$3" = none ] || begin $1 "$2" "$3" "$4" || moved
    shift 4
done
while :; do
    tick=$((tick + 1)) more='' said=''
    [ -z "$pattern" ] || [ $((tick % 10)) -ne 1 ] || spread
    for index in $indices; do watch $index; done
    if [ -n "$slots" ]; then
        set --
        for slot in $slots; do eval "set -- \"\$@\" \"\$file_$slot\""; done
        told=$(as stat -L -c '%d:%i %s %Y' -- "$@" 2>/dev/null)
        IFS=" $newline"
        set -- $told
        IFS=' '
        for one in $slots; do
            [ $# -ge 3 ] || moved
            advance $one "$1" "$2" "$3"
            shift 3
        done
    fi
    idle=$((idle + 1))
    [ -z "$said" ] || idle=0
    if [ $idle -ge 10 ] || [ $tick -eq 1 ]; then
        echo K
        idle=0
    fi
    [ -n "$more" ] || sleep $every
done
