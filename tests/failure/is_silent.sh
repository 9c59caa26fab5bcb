#!/bin/sh
# is_silent.sh PROGRAM ARGUMENTS…: it succeeds within half a minute and prints nothing.
set -u
said=$(timeout 30 "$@" 2>&1)
code=$?
[ $code -eq 0 ] && [ -z "$said" ] && exit 0
printf 'exit status %s; it said:\n%s\n' "$code" "$said"
exit 1
