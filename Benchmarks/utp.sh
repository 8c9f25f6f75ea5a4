#!/bin/bash
# A file by TCP and by uTP over one link of 50 ms (and with loss): who is how fast.
# usage, as root, after `Benchmarks/run.sh` or `make build` has built: Benchmarks/utp.sh [loss in percent]
set -euo pipefail
cd "$(dirname "$0")/.."
hyperfs=$PWD/.build/release/hyperfs
export HYPERFS_NO_MAINLINE=1 HYPERFS_NO_PORT_MAPPING=1
half=$(awk "BEGIN { print ${1:-0} / 2 }")
mkdir -p .build/tools
cc -O2 -o .build/tools/labnet Modules/LabNet/labnet.c
labnet=$PWD/.build/tools/labnet
work=$(mktemp -d "${TMPDIR:-/tmp}/hyperfs-utp.XXXXXX")
started=()
cleanup() {
    kill "${started[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
mkdir folder
head -c 150000000 /dev/urandom >folder/big
"$labnet" "hfa=10.77.0.1/24,delay=12.5,loss=$half" "hfb=10.77.0.2/24,delay=12.5,loss=$half" \
    >lab.log 2>&1 &
started+=($!)
until ip netns exec hfb ping -c 1 -W 1 10.77.0.1 >/dev/null 2>&1; do sleep 0.1; done
ip netns exec hfa "$hyperfs" share folder --store store --listen 10.77.0.1:41000 --no-discovery \
    --json >share.log 2>&1 &
started+=($!)
until grep -q '"ready"' share.log; do sleep 0.1; done
key=$(grep -o '"key":"[0-9a-f]*"' share.log | head -1 | cut -d'"' -f4)
get() { # NAME OPTION...: seconds for the file
    local start end
    start=$(date +%s.%N)
    ip netns exec hfb "$hyperfs" get "$key/big" "out-$1" --store "store-$1" --no-discovery \
        --peer 10.77.0.1:41000 -v "${@:2}" 2>"$1.err"
    end=$(date +%s.%N)
    cmp "out-$1" folder/big
    awk "BEGIN { t = $end - $start; printf \"%s %.2f s %.1f MB/s\\n\", \"$1\", t, 150 / t }"
    grep -o 'connected by [A-Za-z]*' "$1.err" | head -1
}
get tcp --no-utp
# From here on no TCP gets through; uTP does.
ip netns exec hfa nft -f - <<'RULES'
table inet stop { chain in { type filter hook input priority 0; tcp dport 41000 drop; }
}
RULES
get utp
