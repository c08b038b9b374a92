#!/bin/sh
# Gives a node the private key of a vault, or takes it away again. Run as root on the node's machine: at a branch from
# /opt/holdfast, at the centre from edge/appliance of /opt/holdfast-centre.
#
#   sh vault-key.sh FILE           FILE is what "holdfast vault new" or "holdfast vault rotate" wrote
#   sh vault-key.sh --remove ID    takes the key of a retired vault away
#
# The key lies beside the identity, readable by root alone, and reaches the node as a credential of its unit. A vault key
# that the node holds already stays until it is taken away: old keys open until everything is sealed again.
set -eu
umask 077

# Tests and image builders install into a folder.
into=${HOLDFAST_INSTALL_ROOT-}
settings=$into/etc/holdfast
units=$into/etc/systemd/system

fail() {
  echo "holdfast: $1" >&2
  exit 1
}

unit=holdfast-edge
[ -e "$units/$unit.service" ] || unit=holdfast-centre
[ -e "$units/$unit.service" ] || fail 'No Holdfast node is installed here.'

reload() {
  [ -z "$into" ] || return 0
  systemctl daemon-reload
  systemctl try-restart "$unit"
}

if [ "${1-}" = --remove ]; then
  id=${2-}
  case $id in '' | *[!a-z0-9-]*) fail 'Which vault? --remove ID' ;; esac
  [ -e "$settings/vault-$id.json" ] || fail "This node was not given the key of $id."
  rm -f "$units/$unit.service.d/vault-$id.conf"
  rm "$settings/vault-$id.json"
  reload
  echo "The key of $id was taken away."
  exit 0
fi

[ $# -eq 1 ] || fail 'Give the one file that "holdfast vault rotate" wrote.'
[ -r "$1" ] || fail "$1 cannot be read."
id=$(sed -n 's/^ *"vaultId": *"\([a-z0-9][a-z0-9-]*\)",*$/\1/p' "$1")
key=$(sed -n 's/^ *"privateKey": *"\([A-Za-z0-9_-]*\)",*$/\1/p' "$1")
[ -n "$id" ] && [ ${#key} -eq 43 ] || fail "$1 is not a vault key made by \"holdfast\"."

mkdir -p "$units/$unit.service.d"
install -m 600 "$1" "$settings/vault-$id.json.new"
sync "$settings/vault-$id.json.new"
mv "$settings/vault-$id.json.new" "$settings/vault-$id.json"
# The drop-in comes after the file that it names, so that a stop in between leaves a unit that starts.
printf '[Service]\nLoadCredential=vault-%s.json:/etc/holdfast/vault-%s.json\n' "$id" "$id" \
  >"$units/$unit.service.d/vault-$id.conf.new"
chmod 644 "$units/$unit.service.d/vault-$id.conf.new"
sync "$units/$unit.service.d/vault-$id.conf.new"
mv "$units/$unit.service.d/vault-$id.conf.new" "$units/$unit.service.d/vault-$id.conf"
reload
echo "$unit has the key of $id. /readyz lists it under canOpen. Destroy the file that was brought here."
