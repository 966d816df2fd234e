# portico cgroup-fix
# shellcheck shell=sh
# Switches the kernel's memory cgroup on where a Raspberry Pi keeps its command line. It takes effect at the next
# boot. The first original is kept beside the file.
set -eu
export LC_ALL=C
path=
for candidate in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
    if [ -f "$candidate" ]; then path=$candidate && break; fi
done
if [ -z "$path" ]; then
    echo 'reason=no-cmdline there is no cmdline.txt on this machine' >&2
    exit 10
fi
# The firmware reads one line; a second one with words in it means that someone keeps something else here.
if [ "$(grep -c '[^[:space:]]' "$path")" != 1 ]; then
    printf 'reason=cmdline-malformed %s has not exactly one line\n' "$path" >&2
    exit 10
fi

set -f
fixed=
# Words are what is wanted here: globbing is off and the file is one line.
# shellcheck disable=SC2013
for word in $(cat "$path"); do
    if [ "$word" != cgroup_disable=memory ]; then fixed="$fixed${fixed:+ }$word"; fi
done
for wanted in cgroup_memory=1 cgroup_enable=memory; do
    case " $fixed " in *" $wanted "*) ;; *) fixed="$fixed $wanted" ;; esac
done

if [ "$fixed" != "$(cat "$path")" ]; then
    [ -e "$path.portico-backup" ] || cp -p "$path" "$path.portico-backup"
    printf '%s\n' "$fixed" >"$path.portico-part"
    sync "$path.portico-part" 2>/dev/null || sync
    mv -f "$path.portico-part" "$path"
    sync
fi
printf 'cmdline=%s\n' "$fixed"
