#!/usr/bin/env bash
# Builds the runtime library alone, with nothing of the tools in reach, links a program against its installed tree and prints
# the sizes. Usage: runtime_only.sh SOURCE_DIR BUILD_DIR [CMake options...]
set -euo pipefail
source_dir=$(realpath "$1")
mkdir -p "$2"
build_dir=$(realpath "$2")
shift 2
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >"$build_dir/step.log" 2>&1 || { cat "$build_dir/step.log"; fail "$*"; }; }

disabled=()
for package in SQLite3 CLI11 GTest benchmark; do disabled+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON"); done
quietly cmake -S "$source_dir" --preset runtime -B "$build_dir" -DTRIAGE_UNITY=ON "${disabled[@]}" "$@"
quietly cmake --build "$build_dir"
rm -rf "$build_dir/prefix"
quietly cmake --install "$build_dir" --prefix "$build_dir/prefix"

[[ ! -e $build_dir/prefix/bin/triage ]] || fail "the runtime-only build installs the command line"
[[ ! -e $build_dir/prefix/include/triage/profile.h ]] || fail "the runtime-only build installs the tools' headers"

program=$build_dir/outside
rm -rf "$program"
mkdir -p "$program"
cp "$source_dir/tests/install/outside/classify_one.cpp" "$program"
cat >"$program/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(triage 0.1 REQUIRED)
add_executable(classify_one classify_one.cpp)
target_link_libraries(classify_one PRIVATE triage::triage)
target_link_options(classify_one PRIVATE -Wl,--gc-sections -s)
END
quietly cmake -G Ninja -S "$program" -B "$program/build" -DCMAKE_PREFIX_PATH="$build_dir/prefix" -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$program/build"
if readelf -d "$program/build/classify_one" | grep -iE 'sqlite|xgboost|libsvm'; then fail "it needs a library of the tools"; fi

strip -g -o "$build_dir/stripped.a" "$build_dir"/prefix/lib/libtriage.a
echo "runtime-only: libtriage.a $(du -h --apparent-size "$build_dir/stripped.a" | cut -f1), a stripped program with it \
$(du -h --apparent-size "$program/build/classify_one" | cut -f1)"
