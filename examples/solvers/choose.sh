#!/usr/bin/env bash
# A policy behind five lines of shell: each row gets the program to run. Usage: choose.sh TRIAGE POLICY < rows.jsonl
set -euo pipefail
"$1" choose --policy "$2" | while read -r choice; do
  program=$(sed -n 's/.*"run":"\([^"]*\)".*/\1/p' <<< "$choice")
  echo "running $program"
done
