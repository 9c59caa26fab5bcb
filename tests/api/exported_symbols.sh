#!/bin/sh
# exported_symbols.sh NM LIBRARY HEADER: the dynamic symbols of the library are exactly the functions of the header.
set -eu
exported=$("$1" -D --defined-only "$2" | awk '{print $NF}' | sed 's/@.*//' | sort)
declared=$(sed -n 's/^BCCL_API .*[ *]\(bccl[A-Za-z]*\)(.*/\1/p' "$3" | sort)
if [ "$exported" != "$declared" ]; then
  echo "exported, but not declared in the header, or the other way round:"
  printf '%s\n%s\n' "$exported" "$declared" | sort | uniq -u
  exit 1
fi
