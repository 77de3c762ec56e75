#!/usr/bin/env bash
# Builds the static program twice, in two folders with nothing in common, and compares the bytes.
#
#     scripts/reproducible.sh
#
# Takes two whole release builds; both are removed at the end.
set -euo pipefail
# A build that fails inside $(…) must end the script, or nothing would be compared with nothing.
shopt -s inherit_errexit

cd "$(dirname "$0")/.."
triple=$(uname -m)-unknown-linux-gnu
cargo_home=${CARGO_HOME:-$HOME/.cargo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build FOLDER: copies what the image is built from into the folder and prints the digest of what is built there.
build() {
  local folder=$1
  mkdir -p "$folder"
  cp -r .cargo Cargo.toml Cargo.lock build.rs proto data src "$folder"
  for part in benches examples; do # Cargo wants the files of every declared target.
    if [ -d "$part" ]; then cp -r "$part" "$folder"; fi
  done
  (
    cd "$folder"
    export CARGO_TARGET_DIR=$folder/target
    export RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$folder=/source --remap-path-prefix=$cargo_home=/cargo"
    cargo build --locked --release --quiet --target "$triple" --bin policy-echo
    sha256sum "target/$triple/release/policy-echo" | cut -d' ' -f1
  )
}

first=$(build "$work/here")
second=$(build "$work/somewhere/else/altogether")
echo "first   $first"
echo "second  $second"
[ "$first" = "$second" ] || { echo "the builds differ"; exit 1; }
echo "both builds are the same, byte for byte"
