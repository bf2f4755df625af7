#!/usr/bin/env bash
# Resolves requirements/*.in into files with hashes that name no index address.
# Usage: tools/lock.sh [--upgrade]; UV names the uv program.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.tools/uv/bin/uv}
for name in uv npm run build test; do
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --custom-compile-command "make lock" "$@" \
    "requirements/$name.in" --output-file "requirements/$name.txt"
done
