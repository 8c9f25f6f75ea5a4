#!/bin/sh
# Builds a release of hyperfs and of the benchmarks and runs them; what it prints is the table of
# docs/benchmarks.md. `Benchmarks/run.sh [floor|import|local|writes|cold|latency|memory ...]`,
# or `dht-simulation`, `dht-simulation-full`, `swarm-simulation`; or alone `node`, `soak MINUTES`
set -eu
cd "$(dirname "$0")/.."
missing=""
for need in bindfs:bindfs sshfs:sshfs sshd:openssh-server ip:iproute2 ping:iputils-ping openssl:openssl; do
    command -v "${need%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${need%%:*}" ] || missing="$missing ${need##*:}"
done
[ -z "$missing" ] || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
# What is measured is between processes of this machine.
export HYPERFS_NO_MAINLINE=1 HYPERFS_NO_PORT_MAPPING=1
swift build -c release --product hyperfs
case "${1:-}" in
node | soak)
    section=$1
    shift
    exec "Benchmarks/$section.sh" "$PWD/.build/release/hyperfs" "$@"
    ;;
esac
swift build -c release --package-path Benchmarks
mkdir -p .build/tools
cc -O2 -o .build/tools/labnet Modules/LabNet/labnet.c
exec Benchmarks/.build/release/bench "$PWD/.build/release/hyperfs" "$PWD/.build/tools/labnet" "$@"
