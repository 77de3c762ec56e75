#!/usr/bin/env bash
# Fuzzes the reading of documents, messages and pages: coverage-guided (libFuzzer), on the stable toolchain.
#
#     scripts/fuzz.sh [SECONDS] [TARGET]…     (default: 10 seconds, all targets)
#
# Coverage counters are compiled into our own code only, by a wrapper around rustc; `-C passes` and `-C llvm-args` are
# stable. Address sanitizing is left out: it needs a nightly toolchain, and this code forbids `unsafe`. Overflow checks and
# debug assertions are on. The corpus grows in target/fuzz/corpus; a finding is written to target/fuzz/findings and
# becomes a test, named by its cause. Needs a C++ compiler, for libFuzzer itself.
set -euo pipefail

cd "$(dirname "$0")/.."
seconds=${1:-10}
shift || true
all=(decode normalise diff phrases from_proto compare html)
targets=("${@:-${all[@]}}")
target_folder=${CARGO_TARGET_DIR:-$PWD/target}
folder=$target_folder/fuzz
mkdir -p "$folder"

if ! command -v c++ >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq g++ >/dev/null
  else
    echo "fuzz: install a C++ compiler; libFuzzer is written in it"
    exit 1
  fi
fi

wrapper=$folder/rustc-with-counters
cat >"$wrapper" <<'WRAPPER'
#!/bin/sh
# Called by cargo as: WRAPPER rustc ARGUMENTS…
case " $* " in
*" --crate-name policy_echo "* | *" --crate-name policy_echo_fuzz "*)
  exec "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
  ;;
*) exec "$@" ;;
esac
WRAPPER
chmod +x "$wrapper"
# The versions that the program has, and the folder in which its dependencies are built already.
cp Cargo.lock fuzz/Cargo.lock
RUSTC_WRAPPER=$wrapper CARGO_TARGET_DIR=$target_folder cargo build --quiet --manifest-path fuzz/Cargo.toml
program=$target_folder/debug/policy-echo-fuzz

# Seeds: real documents, two of them in one, and the hostile messages.
python3 - "$folder/corpus" <<'PYTHON'
import os, pathlib, sys

corpus = pathlib.Path(sys.argv[1])
texts = [path.read_bytes() for path in sorted(pathlib.Path("examples").glob("*.txt"))]


def field(number, payload):
    length, size = len(payload), b""
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + payload


def seed(target, contents):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    for index, content in enumerate(contents):
        (folder / f"seed-{index}").write_bytes(content)


short = [text[: 3 * 200] for text in texts]
pairs = [left + b"\0" + right for left in short for right in short if left != right]
encodings = ["gb18030", "big5", "utf-16", "utf-16le"]
words = ["举全省之力", "举全市之力，", "第一条　为了", "1+1+9"]
seed("decode", [bytes([index]) + text for index, text in enumerate(short)])
seed("decode", [bytes([number]) + word.encode(name, "ignore") * 20 for number, name in enumerate(encodings, 2) for word in words])
seed("normalise", short)
seed("diff", [b"\xff" + pair[:400] for pair in pairs])
seed("phrases", [b"\x03" + pair[:400] for pair in pairs])
hostile = b"</td><script>alert(1)</script>\"' onload=x javascript:1"
seed("html", pairs[:6] + [hostile + b"\0" + hostile[::-1], short[0] + hostile + b"\0" + short[0]])
seed("compare", pairs)
requests = [field(1, field(9, left)) + field(2, field(1, b"id") + field(9, left[:90])) for left in short]
requests += [request + field(4, field(4, b"word") + bytes([2 << 3, 9])) + bytes([5 << 3, 2]) for request in requests]
seed("from_proto", requests)
PYTHON

found=0
for target in "${targets[@]}"; do
  mkdir -p "$folder/findings"
  echo "fuzz: $target for $seconds s"
  log=$folder/$target.log
  if ! POLICY_ECHO_FUZZ=$target "$program" "$folder/corpus/$target" \
    -max_total_time="$seconds" -max_len=2048 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$folder/findings/$target-" >"$log" 2>&1; then
    tail -n 40 "$log"
    echo "fuzz: $target found something; run it again with"
    echo "  POLICY_ECHO_FUZZ=$target $program $folder/findings/$target-…"
    found=1
  fi
  sed -n 's/^stat::number_of_executed_units: */  executions: /p; s/^#[0-9]*[[:space:]]*DONE[[:space:]]*/  /p' "$log"
done
exit "$found"
