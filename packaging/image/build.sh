#!/bin/sh
# Builds the image from an unpacked release for Linux, without the network:
#
#   packaging/image/build.sh [FOLDER] [TAG] [ARCH]
#
# FOLDER has the program and the licences of what is in it: the unpacked release that this
# script is in by default. TAG is libration by default,
# ARCH the architecture of the program: amd64, arm64 or arm (default: this machine's).
# BUILDER is buildah, podman or docker; without it the first that is installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../..}
tag=${2:-libration}
arch=${3:-}
[ -f "$folder/libration" ] || { echo "usage: build.sh FOLDER [TAG] [ARCH]; FOLDER is an unpacked release for Linux" >&2; exit 1; }

builder=${BUILDER:-}
for b in buildah podman docker; do
	[ -n "$builder" ] || ! command -v "$b" >/dev/null || builder=$b
done
[ -n "$builder" ] || { echo "build.sh: install buildah, podman or docker" >&2; exit 1; }

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
root=$context/rootfs
mkdir -p "$root/usr/bin" "$root/usr/share/doc/libration" "$root/data" "$root/tmp"
install -m 0755 "$folder/libration" "$root/usr/bin/libration"
for file in LICENSE THIRD-PARTY.md licenses; do
	[ ! -e "$folder/$file" ] || cp -R "$folder/$file" "$root/usr/share/doc/libration/"
done
chmod 1777 "$root/data" "$root/tmp" # whatever user runs it
find "$context" -exec touch -d @0 {} +

set -- -f "$here/Containerfile" -t "$tag"
[ -z "$arch" ] || set -- "$@" --platform "linux/$arch"
case $builder in
docker) docker build "$@" "$context" ;;
# The format of docker has the health check, that of OCI has none.
*) "$builder" build --format docker "$@" "$context" ;;
esac
