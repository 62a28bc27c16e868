#!/usr/bin/env bash
# Installs the build into a temporary folder, puts the clone (with its build and virtual environment) out of reach, then
# builds and runs an outside program against the installed tree, and the installed `triage` itself.
# Usage: install_test.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source_dir=$(realpath "$1")
build_dir=$(realpath "$2")
venv_dir=$(realpath -m "$source_dir/.venv")
[[ -e $source_dir/zoo/fashion/zoo.json ]] || { echo "skipped: zoo/fashion/zoo.json is absent"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

fail() { echo "FAILED: $*" >&2; exit 1; }

cmake --install "$build_dir" --prefix "$prefix" >"$work/install.log" || { cat "$work/install.log"; fail "cmake --install"; }
cp -rL "$source_dir/tests/install/outside" "$source_dir/zoo/fashion" "$work/"
cp "$source_dir/tests/install/outside_run.sh" "$work/"
{ printf 'P2 28 28 255\n'; for i in $(seq 784); do echo $((i % 256)); done; } >"$work/picture.pgm"

# Nothing installed may name the clone, the build or the virtual environment.
if grep -rl -e "$source_dir" -e "$build_dir" -e "$venv_dir" "$prefix/lib/cmake"; then fail "installed CMake files name the clone"; fi
runpath=$(readelf -d "$prefix/bin/triage" | sed -n 's/.*R\(UN\)\?PATH.*\[\(.*\)\]/\2/p')
[[ $runpath == '$ORIGIN/../lib/triage/openvino' ]] || fail "bin/triage: RUNPATH '$runpath', expected one relative to it"

# A mount namespace of its own hides the clone for real. Where that is not permitted, what the loader resolves must do.
hidden=("$source_dir" "$build_dir" "$venv_dir")
mkdir "$work/empty"
hide_and_run='for d in "${@:4}"; do [[ ! -d $d ]] || mount --bind "$1/empty" "$d"; done; cd "$1"; exec bash "$1/outside_run.sh" "$1" "$2" "$3"'
if unshare -rm true 2>/dev/null; then
  echo "the clone is hidden by a mount namespace"
  cd "$work"
  env -u LD_LIBRARY_PATH unshare -rm bash -c "$hide_and_run" hide "$work" "$prefix" "${hidden[0]}" "${hidden[@]}"
else
  echo "mount namespaces are not permitted here: checked by what the loader resolves instead"
  cd "$work"
  env -u LD_LIBRARY_PATH bash "$work/outside_run.sh" "$work" "$prefix" /nonexistent
  for program in "$prefix/bin/triage" "$work/build/classify_one"; do
    if ldd "$program" | grep -F -e "$source_dir" -e "$venv_dir"; then fail "$program uses libraries of the clone"; fi
  done
fi
echo "installed: $(du -sh "$prefix" | cut -f1) in all, $(du -sh "$prefix/lib/triage/openvino" | cut -f1) of it OpenVINO, \
bin/triage $(du -h "$prefix/bin/triage" | cut -f1)"
