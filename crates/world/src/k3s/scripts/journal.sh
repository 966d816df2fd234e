# portico journal
# shellcheck shell=sh
# Prints the last lines that K3s logged. Reads: unit, number of lines.
set -eu
IFS= read -r unit
IFS= read -r lines
case $unit in
k3s | k3s-agent) ;;
*)
    printf 'reason=unit-unknown %s\n' "$unit" >&2
    exit 10
    ;;
esac
case $lines in
*[!0-9]* | '')
    printf 'reason=lines-malformed %s\n' "$lines" >&2
    exit 10
    ;;
esac
journalctl -u "$unit" -n "$lines" --no-pager -o cat
