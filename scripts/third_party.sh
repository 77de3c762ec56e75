#!/usr/bin/env bash
# Starts a server on a free port and lets two foreign gRPC stacks call it: buf and Python's grpcio.
#
#     scripts/third_party.sh [PROGRAM]      (default: target/release/policy-echo)
#
# Installs what the clients need into a virtual environment under target/.
set -euo pipefail

cd "$(dirname "$0")/.."
program=${1:-${CARGO_TARGET_DIR:-target}/release/policy-echo}
environment=${CARGO_TARGET_DIR:-target}/third_party
if [ ! -x "$environment/bin/buf" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet buf-bin==1.75.0 grpcio grpcio-reflection grpcio-health-checking grpcio-status protobuf
fi
export BUF=$environment/bin/buf

"$BUF" lint
"$BUF" format --diff --exit-code
scripts/proto_breaking.sh

log=$(mktemp)
"$program" serve --listen 127.0.0.1:0 --log-format json 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
address=
for _ in $(seq 100); do
  address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$log")
  if [ -n "$address" ] && "$program" healthcheck --server "$address" 2>/dev/null; then break; fi
  sleep 0.1
done
[ -n "$address" ] || { cat "$log"; exit 1; }

"$environment/bin/python" tests/third_party/python_client.py "$address"
tests/third_party/buf_client.sh "$address"

kill -TERM "$server"
wait "$server"
echo "third_party: the server stopped in order"
