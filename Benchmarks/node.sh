#!/bin/bash
# What a node takes: `Benchmarks/node.sh HYPERFS` prints the rows of docs/benchmarks.md, section
# "The node". Local drives, no network. Needs root and FUSE.
set -eu
hyperfs=$1
scratch=$(mktemp -d)
export HOME=$scratch XDG_RUNTIME_DIR=$scratch XDG_STATE_HOME=$scratch/state
export HYPERFS_STORE=$scratch/store HYPERFS_NO_DISCOVERY=1

finish() {
    "$hyperfs" node --stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT

now() { echo "${EPOCHREALTIME/./}"; }

# Milliseconds of each of N runs of a command, sorted; the middle one.
median() {
    local runs=$1 number start
    shift
    for ((number = 0; number < runs; number++)); do
        start=$(now)
        "$@" >/dev/null 2>&1
        echo $((($(now) - start) / 100))
    done | sort -n | sed -n "$((runs / 2 + 1))p" | sed 's/\(.\)$/.\1/'
}

field() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
pid() { "$hyperfs" status --json | field pid; }
resident() { awk -v f="$2:" '$1 == f { printf "%d", $2 / 1024 }' "/proc/$1/status"; }
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
row() { echo "| $1 | $2 | $3 |"; }

first_mount() {
    "$hyperfs" mount notes "$scratch/first" && ls "$scratch/first"
}

"$hyperfs" create --name notes >/dev/null
mkdir "$scratch/first"
cat >"$scratch/config.toml" <<END
timeout = 20
peer = ["127.0.0.1:9"]
readahead = "16M"
[mount]
read_only = false
[share]
once = true
END
# The same with nothing set, with the environment, and with a config file of some lines.
settings() {
    local bare variable file
    bare=$(unset HYPERFS_NO_DISCOVERY && median 41 "$@")
    variable=$(median 41 "$@")
    file=$(HYPERFS_CONFIG=$scratch/config.toml median 41 "$@")
    echo "$bare; $variable; $file ms"
}
row "\`hyperfs --version\`, median of 41: nothing set; a variable; a config file" \
    "$(settings "$hyperfs" --version)" "30 ms"

first=$(for number in 1 2 3 4 5 6 7; do
    start=$(now)
    first_mount >/dev/null 2>&1
    echo $((($(now) - start) / 1000))
    "$hyperfs" node --stop >/dev/null
done | sort -n | sed -n 4p)
row "first mount with no node running, to its listing, median of 7" "$first ms" "400 ms"

first_mount >/dev/null 2>&1
echo text >"$scratch/first/file"
node=$(pid)
row "a command to a running node (\`status\`), the same" \
    "$(settings "$hyperfs" status)" "50 ms"
before=$(ticks "$node")
sleep 60
after=$(ticks "$node")
row "processor time of an idle node with a mount, over 60 s" \
    "$(awk -v t=$((after - before)) 'BEGIN { printf "%.2f %% of a core", t / 60 }')" "0.5 %"
row "memory of it" "$(resident "$node" VmRSS) MiB" ""
replaced() { "$hyperfs" node --replace --json | field milliseconds; }
row "\`node --replace\`: how long its mount is away" "$(replaced) ms" "1000 ms"

start=$(now)
for ((number = 0; number < 100; number++)); do
    mkdir "$scratch/m$number"
    "$hyperfs" mount notes "$scratch/m$number" 2>/dev/null
done
row "100 mounts by 100 commands" \
    "$(awk -v t=$(($(now) - start)) 'BEGIN { printf "%.1f s", t / 1e6 }')" "10 s"
for ((number = 0; number < 100; number++)); do cat "$scratch/m$number/file" >/dev/null; done
row "memory of their node" \
    "$(resident "$node" VmRSS) MiB, peak $(resident "$node" VmHWM) MiB" "300 MiB"
row "its threads and descriptors" \
    "$(ls "/proc/$node/task" | wc -l), $(ls "/proc/$node/fd" | wc -l)" ""
row "\`node --replace\` with 101 mounts: until all are back" "$(replaced) ms" ""
start=$(now)
"$hyperfs" node --stop
row "\`node --stop\` of them" \
    "$(awk -v t=$(($(now) - start)) 'BEGIN { printf "%.1f s", t / 1e6 }')" ""
