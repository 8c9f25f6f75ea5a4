#!/bin/bash
# Mounts, unmounts, shares, seeds and reads over and over, and what two nodes take meanwhile:
# `Benchmarks/soak.sh HYPERFS MINUTES [SECONDS BETWEEN ROUNDS]`. Memory and descriptors must be flat once they are warm.
# Needs root and FUSE.
set -eEu
hyperfs=$1
minutes=$2
pause=${3:-0}
scratch=$(mktemp -d)
export HOME=$scratch XDG_STATE_HOME=$scratch/state HYPERFS_NO_DISCOVERY=1
export HYPERFS_LISTEN=127.0.0.1:0

at() {
    local store=$1
    shift
    HYPERFS_STORE=$scratch/$store XDG_RUNTIME_DIR=$scratch "$hyperfs" "$@" 2>"$scratch/said"
}
finish() {
    at ours node --stop >/dev/null 2>&1 || true
    at theirs node --stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'echo "round $round: line $LINENO failed: $BASH_COMMAND"; cat "$scratch/said"; tail "$scratch/state/hyperfs/node.log"' ERR

round=0
mkdir "$scratch/shared" "$scratch/other" "$scratch/own" "$scratch/foreign"
head -c 20000000 /dev/urandom >"$scratch/shared/large"
for number in $(seq 200); do echo "$number" >"$scratch/shared/small$number"; done
at ours create --name notes >/dev/null
# What keeps both nodes through all rounds.
ready=$(at ours share "$scratch/shared" --detach --json | tail -1)
key=$(echo "$ready" | sed 's/.*"key":"\([0-9a-f]*\)".*/\1/')
peer=$(echo "$ready" | sed 's/.*"listen":\["\([^"]*\)".*/\1/')
at theirs seed "$key" --peer "$peer"

pid() { at "$1" status --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }
ours=$(pid ours)
theirs=$(pid theirs)
resident() { awk '$1 == "VmRSS:" { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
report() {
    local node
    printf '%5d s  round %4d' "$SECONDS" "$round"
    for node in "$ours" "$theirs"; do
        printf '   %6s MiB %4d descriptors %3d threads' "$(resident "$node")" \
            "$(ls "/proc/$node/fd" | wc -l)" "$(ls "/proc/$node/task" | wc -l)"
    done
    echo
}

echo "                  sharer                                   reader"
next=0
while ((SECONDS < minutes * 60)); do
    ((SECONDS < next)) || { report; next=$((SECONDS + 30)); }
    round=$((round + 1))
    at ours mount notes "$scratch/own"
    head -c 1000000 /dev/urandom >"$scratch/own/file"
    mv "$scratch/own/file" "$scratch/own/moved"
    rm "$scratch/own/moved"
    at theirs mount "$key" "$scratch/foreign" --peer "$peer"
    cmp "$scratch/shared/large" "$scratch/foreign/large"
    cat "$scratch"/foreign/small* >/dev/null
    echo "$round" >"$scratch/other/file"
    at ours share "$scratch/other" --detach >/dev/null 2>&1
    at theirs ls "$key" --peer "$peer" >/dev/null
    at theirs info "$key" --json >/dev/null
    at ours status >/dev/null
    at ours peers >/dev/null
    at ours unshare "$scratch/other"
    at ours unmount "$scratch/own"
    at theirs unmount "$scratch/foreign"
    sleep "$pause"
done
report
