#!/usr/bin/env bash
# The part of install_test.sh that must not see the clone. Usage: outside_run.sh WORK PREFIX HIDDEN_DIR
set -euo pipefail
work=$1 prefix=$2 hidden=$3
[[ ! -e $hidden/CMakeLists.txt ]] || { echo "FAILED: $hidden is still in reach" >&2; exit 1; }
cmake -G Ninja -S "$work/outside" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release >"$work/configure.log" 2>&1 ||
  { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$work/build/classify_one" "$work/fashion/zoo.json" "$work/picture.pgm" "$work/first.triage"
"$work/build/read_profile"
"$work/build/serve_none"
"$prefix/bin/triage" --version
"$prefix/bin/triage" info >/dev/null
XDG_CACHE_HOME=$work/cache "$prefix/bin/triage" classify --policy "$work/first.triage" --zoo "$work/fashion/zoo.json" \
  "$work/picture.pgm"
