#!/usr/bin/env bash
# Checks that the contract breaks nothing that the last tag promised. Skipped while there is no tag, or none with a
# contract. Needs buf (Python package buf-bin).
set -euo pipefail

cd "$(dirname "$0")/.."
tag=$(git describe --tags --abbrev=0 2>/dev/null || true)
if [ -z "$tag" ] || ! git cat-file -e "$tag:proto" 2>/dev/null; then
  echo "proto_breaking: no tag with a contract yet, nothing to compare with"
  exit 0
fi
"${BUF:-buf}" breaking --against ".git#tag=$tag"
echo "proto_breaking: compatible with $tag"
