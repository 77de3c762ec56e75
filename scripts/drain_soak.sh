#!/usr/bin/env bash
# SIGTERM under load with silent peers, ROUNDS times (200), against the released program; prints a table.
#
#     scripts/drain_soak.sh [ROUNDS]
#
# Every round starts a server, six callers, three silent peers and two watches of health, sends SIGTERM and looks at all of
# them. Ends with 0 if no call was lost, health turned first and every end came in time, in all rounds.
set -euo pipefail

cd "$(dirname "$0")/.."
POLICY_ECHO_DRAIN_ROUNDS=${1:-200} cargo test --locked --release --test drain -- --nocapture
