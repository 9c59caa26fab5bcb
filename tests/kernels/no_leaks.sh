#!/bin/sh
# Fails if one of the object files that are compiled for more than the baseline processor emits a function that the
# linker could choose for the whole program: `no_leaks.sh NM OBJECT…`.
nm=$1
shift
seen=0
status=0
for object in "$@"; do
  case $object in
    *avx*) seen=$((seen + 1)) ;;
    *) continue ;;
  esac
  # V, W and u are weak or unique definitions; lower-case v and w without an address are only references.
  if leaked=$("$nm" --defined-only --demangle "$object" | grep ' [VWuvw] '); then
    echo "$object may give the whole program code that only some processors can run:"
    echo "$leaked"
    status=1
  fi
done
if [ "$seen" -eq 0 ]; then
  echo "no vector object among: $*"
  status=1
fi
exit $status
