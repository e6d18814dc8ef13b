#!/bin/sh
# Makes the pictures of the documents again: the browser tests take them. Needs Chromium.
set -eu
cd "$(dirname "$0")/../.."
pictures=$(mktemp -d)
trap 'rm -rf "$pictures"' EXIT
CONSOLE_SCREENSHOTS="$pictures" WIDGET_SCREENSHOTS="$pictures" npm test -- test/e2e/console.spec.ts test/e2e/widget.spec.ts
for name in console-overview console-account console-person widget; do
  cp "$pictures/$name.png" "docs/images/$name.png"
done
