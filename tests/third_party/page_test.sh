#!/bin/sh
# Opens the page of a real pair in headless Chromium and holds it against its JSON.
#
#   tests/third_party/page_test.sh [SCREENSHOT-FOLDER]
#
# Needs npm and Chromium (CHROMIUM names it if it is not /usr/bin/chromium); POLICY_ECHO names the program.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${POLICY_ECHO:-$root/target/release/policy-echo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
left=$root/examples/guangdong-2019-07-26-plenum.txt
right=$root/examples/guangzhou-2020-12-01-plenum.txt
"$program" compare "$left" "$right" --format html -o "$work/page.html"
"$program" compare "$left" "$right" --format json --include-text -o "$work/comparison.json"
cp "$root/tests/third_party/page_test.cjs" "$work/"
cd "$work"
npm install --silent --no-save playwright-core@1 axe-core@4 >&2
node page_test.cjs page.html comparison.json ${1:+"$1"}
