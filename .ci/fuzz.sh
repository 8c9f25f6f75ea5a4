#!/usr/bin/env bash
# .ci/fuzz.sh list | TARGET|all SECONDS
#
# Builds Tests/FuzzTests with libFuzzer and the address sanitizer in .build-fuzz and runs a target.
# What it learns stays in .build-fuzz/corpus/TARGET; an input that breaks something is left in
# Tests/Corpora/TARGET, where the tests replay it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1
seconds=${2:-60}

HYPERFS_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product fuzz
fuzz=.build-fuzz/release/fuzz
# The Swift runtime frees some of its own memory never.
export ASAN_OPTIONS=detect_leaks=0
# Its crash handler reads memory in ways that the sanitizer takes for the crash itself.
export SWIFT_BACKTRACE=enable=no

run() {
    local corpus=.build-fuzz/corpus/$1
    mkdir -p "$corpus" "Tests/Corpora/$1"
    "$fuzz" --seeds "$1" "$corpus"
    FUZZ_TARGET=$1 "$fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -max_len=20000 -print_final_stats=1 -artifact_prefix="Tests/Corpora/$1/" \
        "$corpus" "Tests/Corpora/$1"
    rmdir --ignore-fail-on-non-empty "Tests/Corpora/$1"
}

case $target in
    list) "$fuzz" --list ;;
    all) for name in $("$fuzz" --list); do run "$name"; done ;;
    *) run "$target" ;;
esac
