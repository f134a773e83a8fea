#!/bin/sh
# After installing: deb calls it with "configure" and the version before, rpm with 1 for
# a new package and 2 for an update. It makes the user and the folders, writes a
# configuration where there is none, and never starts the service for the first time:
# that would log an account in.
set -e

config=/etc/libration/config.yaml
data=/var/lib/libration

case "$1" in
configure) if [ -n "$2" ]; then update=yes; else update=no; fi ;;
1) update=no ;;
2) update=yes ;;
*) exit 0 ;;
esac

if ! getent passwd libration >/dev/null; then
  useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin libration
fi
install -d -m 0700 -o libration -g libration "$data"
chown root:libration /etc/libration
chmod 0750 /etc/libration

new=no
if [ ! -e "$config" ] && [ ! -L "$config" ]; then
  rm -f "$config.new"
  libration config init "$config.new" >/dev/null
  sed -i "s|\./data\b|$data|" "$config.new"
  grep -q "^data: $data " "$config.new"
  chown libration:libration "$config.new"
  mv "$config.new" "$config"
  new=yes
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  if [ "$update" = yes ]; then systemctl try-restart libration.service || true; fi
fi

if [ "$new" = no ]; then exit 0; fi
case "${LC_ALL:-${LC_MESSAGES:-$LANG}}" in
zh*)
  cat <<'END'

Libration 已安装，服务尚未启动。
  无需账号先试用：  libration demo
  1. 填写账号：      sudoedit /etc/libration/config.yaml
  2. 检查配置：      sudo -u libration libration config check /etc/libration/config.yaml
  3. 启动服务：      sudo systemctl enable --now libration
  4. 扫码登录：      sudo -u libration libration login -c /etc/libration/config.yaml
END
  ;;
*)
  cat <<'END'

Libration is installed; its service has not been started.
  To try it without an account:  libration demo
  1. Name your account:          sudoedit /etc/libration/config.yaml
  2. Check the configuration:    sudo -u libration libration config check /etc/libration/config.yaml
  3. Start the service:          sudo systemctl enable --now libration
  4. Log in by a QR code:        sudo -u libration libration login -c /etc/libration/config.yaml
END
  ;;
esac
