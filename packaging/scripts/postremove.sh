#!/bin/sh
# After removing: deb calls it with "remove" or "purge", rpm with 0. Purging removes the
# configuration. Sessions and messages stay, as nobody can bring them back: the person
# is told how to remove them.
set -e

case "$1" in
purge) rm -f /etc/libration/config.yaml /etc/libration/config.yaml.new ;;
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi

data=/var/lib/libration
if [ ! -d "$data" ]; then exit 0; fi
if rmdir "$data" 2>/dev/null; then exit 0; fi
case "${LC_ALL:-${LC_MESSAGES:-$LANG}}" in
zh*) printf '登录会话和消息保留在 %s。如需删除，执行：rm -r %s\n' "$data" "$data" ;;
*) printf 'Sessions and messages stay in %s. To remove them: rm -r %s\n' "$data" "$data" ;;
esac
