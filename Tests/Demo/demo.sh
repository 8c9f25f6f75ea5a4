#!/bin/bash
# Two nodes on this machine: one shares a folder, the other mounts it by its key over TCP.
# usage: demo.sh [path of the hyperfs binary]
set -euo pipefail

hyperfs=${1:-${HYPERFS:-}}
if [ -z "$hyperfs" ]; then
    hyperfs=$(cd "$(dirname "$0")/../.." && pwd)/.build/release/hyperfs
fi
if [ ! -x "$hyperfs" ]; then
    echo "demo: no hyperfs at $hyperfs; run 'make build' first" >&2
    exit 1
fi
if [ ! -c /dev/fuse ]; then
    echo "demo: no /dev/fuse here, so nothing can be mounted; load the fuse module, or start the" >&2
    echo "container with --device /dev/fuse --cap-add SYS_ADMIN" >&2
    exit 1
fi

# Two nodes, and nobody else.
export HYPERFS_NO_MAINLINE=1 HYPERFS_NO_PORT_MAPPING=1
work=$(mktemp -d "${TMPDIR:-/tmp}/hyperfs-demo.XXXXXX")
folder=$work/folder
mountpoint=$work/mount
started=()

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# The arguments of each command as a user would type them; the output is ours.
show() { printf '  $ hyperfs %s\n' "$*"; }
fail() {
    echo "demo: $*" >&2
    tail -n 3 "$work"/*.err >&2 2>/dev/null || true
    exit 1
}

cleanup() {
    status=$?
    trap - EXIT INT TERM
    for pid in "${started[@]:-}"; do
        [ -z "$pid" ] || kill -INT "$pid" 2>/dev/null || true
    done
    for pid in "${started[@]:-}"; do
        [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
    done
    if mountpoint -q "$mountpoint" 2>/dev/null; then fusermount3 -uz "$mountpoint" || true; fi
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# await FILE EVENT PID: the first JSON event of that name, or failure when the command ended.
await() {
    local file=$1 event=$2 pid=$3
    for _ in $(seq 1 600); do
        if grep -m 1 "\"event\":\"$event\"" "$file" 2>/dev/null; then return 0; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    grep -m 1 "\"event\":\"$event\"" "$file" && return 0
    fail "no '$event' from hyperfs: $(tail -n 1 "$file" 2>/dev/null)"
}
# field NAME: a member of the JSON object on stdin, text or number.
field() { sed -E "s/.*\"$1\":\\[?\"?([^\",}]*).*/\\1/"; }
human() { numfmt --to=iec-i --suffix=B "$1" 2>/dev/null || echo "$1 B"; }
seconds() { awk "BEGIN { printf \"%.1f s\", ($2 - $1) / 1000000000 }"; }
now() { date +%s%N; }

say "1. A folder: 3000 small files, one of 300 MB, links, deep and foreign names"
mkdir -p "$folder" "$mountpoint"
for directory in $(seq 1 30); do
    mkdir -p "$folder/notes/$directory"
    for file in $(seq 1 100); do
        printf 'note %s of %s\n' "$file" "$directory" > "$folder/notes/$directory/$file.txt"
    done
done
deep=$folder/a/rather/deep/path/that/goes/on/and/on/for/a/while
mkdir -p "$deep" "$folder/empty"
echo 'found it' > "$deep/leaf"
echo 'Kaffee' > "$folder/"$'Gr\303\274\303\237e aus K\303\266ln.txt'
echo 'tea' > "$folder/"$'\346\227\245\346\234\254\350\252\236'
ln -s notes/1/1.txt "$folder/link"
ln -s /nowhere/at/all "$folder/dangling"
chmod 755 "$folder/notes/1/1.txt"
head -c 300000000 /dev/urandom > "$folder/film.bin"
echo "  $(find "$folder" | wc -l) entries, $(du -sh "$folder" | cut -f1)"

say "2. Share it"
show "share folder"
begin=$(now)
"$hyperfs" share "$folder" --foreground --store "$work/store-a" --listen 127.0.0.1:0 --json \
    > "$work/share.json" 2> "$work/share.err" &
sharing=$!
started+=("$sharing")
key=$(await "$work/share.json" key "$sharing" | field key)
echo "  key      $key   (at once)"
ready=$(await "$work/share.json" ready "$sharing")
address=$(echo "$ready" | field listen)
echo "  ready    version $(echo "$ready" | field version) after $(seconds "$begin" "$(now)"), at $address"

say "3. Mount it elsewhere, by its key, and read one byte in the middle of the film"
show "mount ${key:0:8}... mount --peer $address"
"$hyperfs" mount "$key" "$mountpoint" --foreground --store "$work/store-b" --peer "$address" --json \
    > "$work/mount.json" 2> "$work/mount.err" &
mounting=$!
started+=("$mounting")
await "$work/mount.json" mounted "$mounting" > /dev/null
ours=$(dd if="$mountpoint/film.bin" bs=1 count=1 skip=200000000 status=none | od -An -tu1)
theirs=$(dd if="$folder/film.bin" bs=1 count=1 skip=200000000 status=none | od -An -tu1)
[ "$ours" = "$theirs" ] || fail "the byte is $ours, not $theirs"
"$hyperfs" unmount "$mountpoint"
wait "$mounting" || fail "mount ended with status $?"
bytes=$(await "$work/mount.json" unmounted "$mounting" | field bytesReceived)
cached=$("$hyperfs" info "$key" --store "$work/store-b" --offline --json | field cachedBytes)
echo "  the byte is right; of the film's 300 MB $(human "$cached") were fetched for it"
echo "  (and $(human "$bytes") in all: the drive's names, kept for next time, and proofs)"

say "4. Mount it again and compare everything with the original"
"$hyperfs" mount "$key" "$mountpoint" --foreground --store "$work/store-b" --peer "$address" --json \
    > "$work/mount2.json" 2> "$work/mount2.err" &
mounting=$!
started+=("$mounting")
await "$work/mount2.json" mounted "$mounting" > /dev/null
ls "$mountpoint" | sed 's/^/  /'
begin=$(now)
entries=$(find "$mountpoint" | wc -l)
echo "  find:    $entries entries in $(seconds "$begin" "$(now)")"
begin=$(now)
cmp "$folder/film.bin" "$mountpoint/film.bin" || fail "the film differs"
echo "  cmp:     the film is the same, 300 MB in $(seconds "$begin" "$(now)")"
begin=$(now)
if command -v rsync > /dev/null; then
    differences=$(rsync -rlpt --checksum --delete --dry-run --itemize-changes \
        "$folder/" "$mountpoint/")
    [ -z "$differences" ] || fail "rsync sees differences: $differences"
    echo "  rsync:   no difference in $(seconds "$begin" "$(now)")"
else
    diff -r --no-dereference "$folder" "$mountpoint" || fail "diff sees differences"
    echo "  diff:    no difference in $(seconds "$begin" "$(now)")"
fi

say "5. Change the original: the mount follows"
echo 'written just now' > "$folder/new.txt"
for _ in $(seq 1 100); do
    [ ! -e "$mountpoint/new.txt" ] || break
    sleep 0.1
done
[ "$(cat "$mountpoint/new.txt" 2>/dev/null)" = 'written just now' ] \
    || fail "the new file did not appear in the mount"
echo "  new.txt is there"

say "6. Unmount and stop"
"$hyperfs" unmount "$mountpoint"
wait "$mounting" || fail "mount ended with status $?"
bytes=$(await "$work/mount2.json" unmounted "$mounting" | field bytesReceived)
kill -INT "$sharing"
wait "$sharing" || fail "share ended with status $?"
started=()
echo "  everything ended in good order; $(human "$bytes") received in all"

say "Now try it yourself:"
echo "  $hyperfs share SOME_FOLDER          # prints a key"
echo "  $hyperfs mount KEY EMPTY_FOLDER       # here, or on any machine of this network"
