#!/usr/bin/env bash
# Checks what people install, for linux/amd64: two clones in different folders give the
# same bytes, the program in the archive answers, the packages are whole, and systemd
# takes the unit. Needs git, Go, dpkg and rpm, lintian and systemd-analyze.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

git clone -q "$PWD" "$work/a"
git clone -q "$work/a" "$work/b with a longer name"
for clone in a "b with a longer name"; do
  go run -C "$work/$clone/tools" ./release -only linux/amd64
  export GOCACHE="$work/cache" # the second one is compiled again
done
cmp "$work/a/dist/SHA256SUMS" "$work/b with a longer name/dist/SHA256SUMS"
echo "two clones: the same bytes"

cd "$work/a/dist"
sha256sum --quiet -c SHA256SUMS
tar xzf libration-*-linux-amd64.tar.gz
cd libration-*-linux-amd64
./libration version
./libration demo --once --http 127.0.0.1:0 --ws 127.0.0.1:0 --page 127.0.0.1:0 | tail -n 1

# The program has to be where the unit says.
sed "s|/usr/bin/libration|$PWD/libration|" systemd/libration.service >"$work/libration.service"
systemd-analyze verify --man=no "$work/libration.service"
# 20 is an exposure level of 2.0.
systemd-analyze security --offline=true --threshold=20 --no-pager "$work/libration.service" | tail -n 1

cd ..
lintian --fail-on error --no-tag-display-limit ./*.deb
rpm -K --nosignature ./*.rpm
mkdir root
dpkg-deb -x ./*.deb root
cmp root/usr/bin/libration libration-*-linux-amd64/libration
