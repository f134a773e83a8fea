#!/bin/sh
# Before removing: deb calls it with "remove", rpm with 0. Updates do not stop the service.
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
  systemctl disable --now libration.service || true
fi
