#!/usr/bin/env bash
# SIGTERM under load with silent peers, ROUNDS times (200), against the released program; prints a table.
#
#     scripts/drain_soak.sh [ROUNDS]
#
# Every round starts a server, six callers, three silent peers and two watches of health, sends SIGTERM and looks at all of
# them. Ends with 0 if no call was lost, health turned first and every end came in time, in all rounds. The test that does so
# is `tests/drain.rs`; it is built as tests are, and only the server is the released program.
set -euo pipefail

cd "$(dirname "$0")/.."
cargo build --locked --release --bin policy-echo
export POLICY_ECHO_PROGRAM=${CARGO_TARGET_DIR:-$PWD/target}/release/policy-echo
POLICY_ECHO_DRAIN_ROUNDS=${1:-200} cargo test --locked --test drain -- --nocapture
