#!/bin/sh
# Installs a Holdfast edge on a machine with systemd, or upgrades it. Run as root from the unpacked archive.
#
#   sh install.sh --identity FILE --centre HOST:PORT [--centre-name NAME] [--centre-ca FILE]
#                 [--certificate FILE --key FILE]
#   sh install.sh                                        upgrades; settings, identity and data stay
#
# What is given replaces what is there; everything else is kept. Without a certificate the edge replicates and the
# branch cannot come in yet: put front.crt and front.key into /etc/holdfast/tls later, nothing else is needed.
set -eu
umask 077

here=$(dirname -- "$(readlink -f -- "$0")")
# Tests and image builders install into a folder.
into=${HOLDFAST_INSTALL_ROOT-}
program=$into/opt/holdfast
settings=$into/etc/holdfast
units=$into/etc/systemd/system

fail() {
  echo "holdfast: $1" >&2
  exit 1
}

identity='' centre='' centre_name='' centre_ca='' certificate='' key=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value."
  case $1 in
    --identity) identity=$2 ;;
    --centre) centre=$2 ;;
    --centre-name) centre_name=$2 ;;
    --centre-ca) centre_ca=$2 ;;
    --certificate) certificate=$2 ;;
    --key) key=$2 ;;
    *) fail "$1 is not known; see the first lines of install.sh." ;;
  esac
  shift 2
done

# Everything is checked before anything is changed.
for file in "$identity" "$centre_ca" "$certificate" "$key"; do
  [ -z "$file" ] || [ -r "$file" ] || fail "$file cannot be read."
done
[ -n "$identity" ] || [ -e "$settings/identity.json" ] || fail 'give the identity made for this edge: --identity FILE.'
[ -n "$centre" ] || [ -e "$settings/holdfast.env" ] || fail 'give the centre: --centre HOST:PORT.'
case $centre in '' | *?:[0-9]*) ;; *) fail '--centre is HOST:PORT, such as holdfast.example.org:443.' ;; esac
case ${certificate:+c}${key:+k} in '' | ck) ;; *) fail '--certificate and --key go together.' ;; esac
if [ -z "$into" ]; then
  [ "$(id -u)" = 0 ] || fail 'run this as root.'
  [ -d /run/systemd/system ] || fail 'this machine does not run systemd.'
  [ -x /usr/sbin/haproxy ] || fail 'haproxy is missing: apt-get install haproxy.'
fi

install -d -m 755 "$program" "$settings" "$units"
install -d -m 700 "$settings/tls"
# Put in place by renaming: the running edge keeps its old executable until it is restarted.
install -m 755 "$here/holdfast-edge" "$program/.holdfast-edge.new"
mv "$program/.holdfast-edge.new" "$program/holdfast-edge"
install -m 755 "$here/wake.sh" "$program/"
for file in front.cfg uplink.cfg unprivileged.cfg OPERATIONS.md; do install -m 644 "$here/$file" "$program/"; done
for unit in "$here"/holdfast-*.service "$here"/holdfast-*.path "$here"/holdfast-*.timer; do
  install -m 644 "$unit" "$units/"
done

[ -z "$identity" ] || install -m 600 "$identity" "$settings/identity.json"
[ -e "$settings/holdfast.env" ] || install -m 644 "$here/holdfast.env" "$settings/holdfast.env"

set_value() {
  sed "s|^$1=.*|$1=$2|" "$settings/holdfast.env" >"$settings/holdfast.env.new"
  chmod 644 "$settings/holdfast.env.new"
  mv "$settings/holdfast.env.new" "$settings/holdfast.env"
}
if [ -n "$centre" ]; then
  set_value HOLDFAST_CENTRE_ADDRESS "$centre"
  set_value HOLDFAST_CENTRE_NAME "${centre_name:-${centre%:*}}"
fi
if [ -n "$centre_ca" ]; then
  install -m 644 "$centre_ca" "$settings/tls/centre-ca.crt"
  set_value HOLDFAST_CENTRE_CA /etc/holdfast/tls/centre-ca.crt
fi
if [ -n "$certificate" ]; then
  install -m 644 "$certificate" "$settings/tls/front.crt"
  install -m 600 "$key" "$settings/tls/front.key"
fi

[ -z "$into" ] || exit 0
systemctl daemon-reload
# Debian starts an haproxy of its own, which is not this one.
systemctl disable --now haproxy.service >/dev/null 2>&1 || true
started='holdfast-tls@uplink.service holdfast-edge.service holdfast-certificates.path holdfast-certificates.timer'
[ ! -e "$settings/tls/front.crt" ] || started="$started holdfast-tls@front.service"
# shellcheck disable=SC2086 # several units
systemctl enable --quiet $started
# shellcheck disable=SC2086
systemctl restart $started || fail 'not everything started: systemctl status "holdfast-*"'
echo 'Holdfast is installed. What it says about itself: journalctl -u holdfast-edge'
