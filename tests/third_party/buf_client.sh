#!/usr/bin/env bash
# Calls every RPC of a running server with `buf curl`, an independent gRPC stack, over reflection.
#
#     buf_client.sh 127.0.0.1:50051
#
# POLICY_ECHO_TEST_CA, _CERT and _CERT_KEY name PEM files for TLS, POLICY_ECHO_TEST_KEY is a key to show. Needs buf (Python
# package buf-bin). Exits with 0 when every check holds.
set -uo pipefail

address=${1:?usage: buf_client.sh HOST:PORT}
buf=${BUF:-buf}
comparison=policyecho.v1.ComparisonService
if [ -n "${POLICY_ECHO_TEST_CA:-}" ]; then
  url=https://$address
  way=(--cacert "$POLICY_ECHO_TEST_CA")
else
  url=http://$address
  way=(--http2-prior-knowledge)
fi
if [ -n "${POLICY_ECHO_TEST_CERT:-}" ]; then way+=(--cert "$POLICY_ECHO_TEST_CERT" --key "$POLICY_ECHO_TEST_CERT_KEY"); fi
# A file, so that the key is in no list of processes.
headers=$(mktemp)
asking=()
schema=$(mktemp -d)
trap 'rm -rf "$headers" "$schema"' EXIT
if [ -n "${POLICY_ECHO_TEST_KEY:-}" ]; then
  echo "authorization: Bearer $POLICY_ECHO_TEST_KEY" >"$headers"
  way+=(--header "@$headers")
  # buf refuses a header for reflection where a call brings its own schema.
  asking=(--reflect-header "@$headers")
fi
passed=0
failed=0

call() { # METHOD JSON [FLAG...]: prints reply and errors together
  local method=$1 json=$2
  shift 2
  [[ " $* " == *" --schema "* ]] || set -- "${asking[@]}" "$@"
  printf '%s' "$json" | "$buf" curl "${way[@]}" --protocol "${protocol:-grpc}" "$@" -d @- "$url/$method" 2>&1
}

check() { # WHAT PATTERN TEXT
  if grep -qE -- "$2" <<<"$3"; then
    passed=$((passed + 1))
    echo "ok      $1"
  else
    failed=$((failed + 1))
    echo "FAILED  $1: no $2 in: $(head -c 600 <<<"$3")"
  fi
}

left='{"text": "坚定不移举全省之力强力推进粤港澳大湾区建设。"}'
right='{"text": "坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。"}'
pair="{\"left\": $left, \"right\": $right}"

for reflection in grpc-v1 grpc-v1alpha; do
  services=$("$buf" curl "${way[@]}" "${asking[@]}" --protocol grpc --reflect-protocol "$reflection" --list-services "$url" 2>&1)
  check "lists ComparisonService ($reflection)" "^$comparison\$" "$services"
  check "lists InfoService ($reflection)" '^policyecho.v1.InfoService$' "$services"
done

check "GetInfo" '"maxDocumentTextBytes"' "$(call policyecho.v1.InfoService/GetInfo '{}')"
check "Compare" '"beads"' "$(call $comparison/Compare "$pair")"
check "Compare writes zeros" '"start": ?0' "$(call $comparison/Compare "$pair")"
check "AlignParagraphs" '"beads"' "$(call $comparison/AlignParagraphs "$pair")"
check "DiffWords" '"edits"' "$(call $comparison/DiffWords "$pair")"
check "FindSharedPhrases" '"phrases"' "$(call $comparison/FindSharedPhrases "{\"left\": $right, \"right\": $right}")"
stream=$(call $comparison/CompareStream "{\"pairId\": \"one\", \"request\": $pair}{\"pairId\": \"two\", \"request\": {\"left\": $left}}")
check "CompareStream, an answer" '"pairId": ?"one"' "$stream"
check "CompareStream, an error in place" '"request.right"' "$stream"

refusal() { # WHAT CODE FIELD JSON
  local reply
  reply=$(call $comparison/Compare "$4")
  check "$1" "\"code\": ?\"$2\"" "$reply"
  check "$1, its field" "\"message\": ?\"(.*; )?$3: " "$reply"
  check "$1, its details" 'google.rpc.BadRequest' "$reply"
}
refusal "missing document" invalid_argument right "{\"left\": $left}"
refusal "empty text" invalid_argument left.text "{\"left\": {\"text\": \"\"}, \"right\": $right}"
refusal "unknown enum number" invalid_argument offset_unit "{\"left\": $left, \"right\": $right, \"offsetUnit\": 77}"
long=$(head -c 8400000 /dev/zero | tr '\0' a)
refusal "text over the limit" invalid_argument right.text "{\"left\": $left, \"right\": {\"text\": \"$long\"}}"
reply=$(call $comparison/Compare "{\"left\": $left, \"right\": {\"text\": \"$long$long$long\"}}")
check "message over the transport limit" '"code": ?"resource_exhausted"' "$reply"

# A contract of our own, to send what the real one would not let buf send.
cat >"$schema/wrong.proto" <<'PROTO'
syntax = "proto3";
package policyecho.v1;
message WrongDocument { bytes text = 9; }
message WrongRequest { WrongDocument left = 1; }
message Nothing {}
service ComparisonService {
  rpc Guess(Nothing) returns (Nothing);
  rpc Compare(WrongRequest) returns (Nothing);
}
PROTO
reply=$(call $comparison/Guess '{}' --schema "$schema/wrong.proto")
check "method that does not exist" '"code": ?"unimplemented"' "$reply"
reply=$(call $comparison/Compare '{"left": {"text": "//4="}}' --schema "$schema/wrong.proto")
check "invalid UTF-8" '"code": ?"invalid_argument"' "$reply"
check "Compare over gRPC-Web" '"beads"' "$(protocol=grpcweb call $comparison/Compare "$pair")"
check "the server still answers" '"beads"' "$(call $comparison/Compare "$pair")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
