#!/usr/bin/env bash
# installed_elsewhere.sh CMAKE BUILD VERSION CC: what `cmake --install` lays down works after it was moved. Users'
# programs are built against it by CMake's find_package and by pkg-config, and run under its own `bccl run`.
set -euo pipefail
cmake=$1 build=$2 version=$3 cc=$4
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH bccl_DIR bccl_ROOT

fail() {
  echo "$*"
  exit 1
}

"$cmake" --install "$build" --prefix "$place/first" >/dev/null
mv "$place/first" "$place/moved"
prefix=$place/moved

for path in bin/bccl include/bccl/bccl.h; do [ -f "$prefix/$path" ] || fail "$path is not installed"; done
[ -n "$(find "$prefix" -name LICENSE)" ] || fail "the licence is not installed"
if traces=$(grep -rIlF -e "$place/first" -e "$build" "$prefix"); then fail "these name a place of the build: $traces"; fi

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name bccl.pc)")
[ "$(pkg-config --modversion bccl)" = "$version" ] || fail "bccl.pc has version $(pkg-config --modversion bccl)"

cp -r "$here/consumer" "$place/consumer"
mkdir "$place/built"
# shellcheck disable=SC2046  # several words are wanted
"$cc" -std=c99 -pedantic-errors -Wall -Wextra -Werror "$place/consumer/consumer.c" -o "$place/built/by-pkg-config" \
  $(pkg-config --cflags --libs bccl) "-Wl,-rpath,$(pkg-config --variable=libdir bccl)"

# The C project must do without a C++ compiler and without the packages that bccl itself is made with.
build_with_cmake() {
  "$cmake" -S "$1" -B "$2" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" "${@:3}" >"$place/log" 2>&1 &&
    "$cmake" --build "$2" >>"$place/log" 2>&1 || { cat "$place/log"; fail "$1 could not be built"; }
}
build_with_cmake "$place/consumer" "$place/by-cmake" \
  -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DCMAKE_DISABLE_FIND_PACKAGE_spdlog=ON -DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON
cp "$place/by-cmake/consumer" "$place/built/by-cmake"
build_with_cmake "$(find "$prefix" -type d -name examples)" "$place/examples"

for program in "$place"/built/*; do
  libraries=$(ldd "$program")  # whole, before anybody looks: a reader who has seen enough would end ldd in the middle
  [[ $libraries == *"=> $prefix/"* ]] || fail "$program does not use the installed library: $libraries"
  said=$("$prefix/bin/bccl" run -n 2 -- "$program")
  [ "$said" = "$(printf '%s\n%s' "$version" "$version")" ] || fail "$program said: $said"
done
"$prefix/bin/bccl" run -n 2 -- "$place/examples/01_all_reduce"
"$prefix/bin/all_reduce_perf" -g 2 -b 8 -e 8
