#!/usr/bin/env bash
# deb.sh BINARY FOLDER: makes a Debian package of the built command, in FOLDER.
# VERSION: in place of the command's own. COMPRESSION: as dpkg-deb -Z takes it.
set -euo pipefail
binary=$(realpath "$1")
mkdir -p "$2"
output=$(realpath "$2")
cd "$(dirname "$0")/.."

version=${VERSION:-$("$binary" --version | sed 's/^hyperfs //')}
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

make --no-print-directory install BINARY="$binary" DESTDIR="$root" PREFIX=/usr \
    SBINDIR=/usr/sbin >/dev/null
install -D -m 644 README.md "$root/usr/share/doc/hyperfs/README.md"
install -m 644 LICENSE "$root/usr/share/doc/hyperfs/copyright"
# Policy: what is read by a program that can unpack it is packed.
find "$root/usr/share/man" -type f -exec gzip -9n {} +
strip --strip-unneeded "$root/usr/bin/hyperfs"

# The packages of the libraries that the binary is linked to.
mkdir "$work/debian"
printf 'Source: hyperfs\n\nPackage: hyperfs\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info "$root/usr/bin/hyperfs" \
    2>"$work/warnings" | sed -n 's/^shlibs:Depends=//p') || {
    cat "$work/warnings" >&2
    exit 1
}

mkdir -p "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
    -e "s/@DEPENDS@/$libraries/" \
    -e "s/@SIZE@/$(du -ks --exclude=DEBIAN "$root" | cut -f1)/" \
    Packaging/debian/control.in >"$root/DEBIAN/control"
install -m 755 Packaging/debian/postinst Packaging/debian/postrm "$root/DEBIAN/"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort |
    xargs -d '\n' md5sum) >"$root/DEBIAN/md5sums"

package=$output/hyperfs_${version}_$architecture.deb
dpkg-deb --build --root-owner-group -Z"${COMPRESSION:-xz}" "$root" "$package" >/dev/null
echo "$package"
