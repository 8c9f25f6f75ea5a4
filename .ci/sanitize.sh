#!/usr/bin/env bash
# .ci/sanitize.sh [FILTER]
#
# Proves with a planted bug each that the address and the thread sanitizer are armed, then runs the
# tests (those that match FILTER) under both. Builds of their own: .build-address, .build-thread.
set -euo pipefail
cd "$(dirname "$0")/.."

filter=${1:-}
# The Swift runtime frees some of its own memory never.
export ASAN_OPTIONS=detect_leaks=0
export TSAN_OPTIONS=halt_on_error=1

planted() {
    local kind=$1 name=$2 folder=.build-$1
    mkdir -p "$folder"
    swiftc -sanitize="$kind" -o "$folder/planted" "Tests/PlantedBugs/$kind.swift"
    if "$folder/planted" >"$folder/planted.log" 2>&1 || ! grep -q "$name" "$folder/planted.log"; then
        cat "$folder/planted.log" >&2
        echo "the $kind sanitizer did not notice the planted bug" >&2
        exit 1
    fi
    echo "the $kind sanitizer is armed: $(grep -m 1 SUMMARY "$folder/planted.log")"
}

planted address AddressSanitizer
planted thread ThreadSanitizer
[ "$filter" != planted ] || exit 0

for kind in address thread; do
    swift build --build-tests --sanitize="$kind" --scratch-path ".build-$kind"
    swift test --skip-build --no-parallel --sanitize="$kind" --scratch-path ".build-$kind" \
        ${filter:+--filter "$filter"}
done
