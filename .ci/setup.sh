#!/usr/bin/env bash
# Installs the Debian packages that are missing; does nothing where none is.
set -euo pipefail

# What the build needs, then what the tests and the demonstration use.
packages=(
    git make pkg-config libsodium-dev libfuse3-dev libminiupnpc-dev
    fuse3 attr rsync iproute2 nftables miniupnpd-nftables procps sqlite3 python3-libtorrent
    ffmpeg fio stress-ng vim
    systemd dpkg-dev binutils zbar-tools curl chromium
)

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages: ${missing[*]}; install them as root, or install sudo" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
