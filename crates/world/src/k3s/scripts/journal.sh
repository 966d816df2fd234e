# portico journal
# shellcheck shell=sh
# Prints the last lines that K3s logged. Reads: unit, number of lines, and how old they may be in seconds (0: any age).
set -eu
IFS= read -r unit
IFS= read -r lines
IFS= read -r seconds
case $unit in
k3s | k3s-agent) ;;
*)
    printf 'reason=unit-unknown %s\n' "$unit" >&2
    exit 10
    ;;
esac
for number in "$lines" "$seconds"; do
    case $number in
    *[!0-9]* | '')
        printf 'reason=number-malformed %s\n' "$number" >&2
        exit 10
        ;;
    esac
done
set -- -u "$unit" -n "$lines" --no-pager -o cat
[ "$seconds" = 0 ] || set -- "$@" --since "-${seconds}s"
journalctl "$@"
