#!/bin/sh
# Keeps the certificate that PCs and people see in force, and tells the edge when it ends, which is an alarm 30 days
# before. Run as root on the box; holdfast-renew.timer does so every hour.
#
#   sh /opt/holdfast/certificate.sh          asks for one where there is none, or where half of its life is over
#   sh /opt/holdfast/certificate.sh --now    asks in any case
#
# The key is made here and stays here. The edge passes the request on to its centre, which signs it for this edge's name
# if the organisation has an authority there ("holdfast tls new"). What came from the centre is one file with chain and
# key, so that it is replaced in one step, and begins with a line that says so: a certificate that the organisation
# brought itself, front.crt and front.key, is watched as well and never touched.
#
# Ends with 0 when there is nothing to do or it is done, with 3 when the edge or its centre does not answer, with 4 when
# the centre signs none, with 1 when something is wrong here. The certificate in use goes on meanwhile.
set -eu
umask 077

here=$(dirname -- "$(readlink -f -- "$0")")
# Tests install into a folder.
into=${HOLDFAST_INSTALL_ROOT-}
settings=$into/etc/holdfast
tls=$settings/tls
front=$tls/front.crt
MARK='# Signed by the centre for this box, which renews it by itself: holdfast-renew.timer'
# A first certificate is waited for: the edge may have started this moment.
FIRST_TRIES=12

case ${LC_ALL:-${LC_MESSAGES:-${LANG-}}} in es | es[_.@]*) spanish=yes ;; *) spanish=no ;; esac
# finish CODE ENGLISH SPANISH
finish() {
  if [ "$spanish" = yes ]; then sentence=$3; else sentence=$2; fi
  if [ "$1" = 0 ]; then echo "$sentence"; else echo "holdfast: $sentence" >&2; fi
  exit "$1"
}

port=$(sed -n 's/^HOLDFAST_PORT=//p' "$settings/holdfast.env")
[ -r "$settings/box.token" ] || finish 1 "$settings/box.token is missing: run install.sh of this version once." \
  "Falta $settings/box.token: ejecute una vez el install.sh de esta versión."
HOLDFAST_BOX_TOKEN=$(cat "$settings/box.token")
export HOLDFAST_BOX_TOKEN
ask() { bash "$here/ask.sh" "$port" "$@"; }

moment() { date -d "$(openssl x509 -in "$front" -noout "-$1" | cut -d = -f 2)" +%s; }

# Tells the edge when the certificate in use ends, so that people are told.
watch() {
  [ -e "$front" ] || return 0
  ask /v1/box/certificate/end '' "{\"endsAt\":$(moment enddate)}" >/dev/null || true
}

half_is_over() {
  starts=$(moment startdate)
  [ $(($(date +%s) * 2)) -ge $((starts + $(moment enddate))) ]
}

# A terminator that was waiting for its first certificate.
serve() {
  [ -z "$into" ] || return 0
  systemctl is-enabled --quiet holdfast-tls@front.service || systemctl enable --quiet --now holdfast-tls@front.service
}

work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-certificate.XXXXXX")
trap 'rm -rf "$work"' EXIT

renew() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/key"
  # Whatever this machine's own settings of openssl are, or are not.
  printf '[req]\ndistinguished_name = name\n[name]\n' >"$work/settings"
  OPENSSL_CONF=$work/settings openssl req -new -key "$work/key" -subj / -outform DER -out "$work/request"
  request=$(base64 -w 0 "$work/request" | tr '+/' '-_' | tr -d =)
  tries=1
  [ -e "$front" ] || tries=$FIRST_TRIES
  while :; do
    ask /v1/box/certificate '' "{\"request\":\"$request\"}" >"$work/answer" && code=0 || code=$?
    [ "$code" != 0 ] || break
    why=$(sed -n 's/.*:problem:certificate-refused".*"why":"\([a-z-]*\)".*/\1/p' "$work/answer")
    ! grep -q ':problem:token-invalid"' "$work/answer" || why=box.token
    ! grep -q ':problem:node-refused"' "$work/answer" || why=refused
    [ -z "$why" ] || return 0
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 0
    sleep 5
  done
  # Nothing is put in place that does not belong to the key, or has ended.
  openssl x509 -in "$work/answer" -noout -pubkey >"$work/public" 2>/dev/null &&
    openssl pkey -in "$work/key" -pubout 2>/dev/null | cmp -s - "$work/public" &&
    openssl x509 -in "$work/answer" -noout -checkend 0 >/dev/null || finish 1 \
    'The centre answered with a certificate that is not for this request, or has ended.' \
    'El centro respondió con un certificado que no es de esta petición o ya terminó.'
  { echo "$MARK" && cat "$work/answer" "$work/key"; } >"$front.new"
  sync "$front.new"
  mv "$front.new" "$front"
  sync "$tls"
  done=yes
}

done=no why=''
if [ "${1-}" = --now ] || [ ! -e "$front" ]; then
  renew
elif [ "$(head -n 1 "$front")" = "$MARK" ] && half_is_over; then
  renew
else
  watch
  serve
  exit 0
fi
watch
[ ! -e "$front" ] || serve
if [ "$done" = yes ]; then
  ends=$(openssl x509 -in "$front" -noout -enddate | cut -d = -f 2)
  finish 0 "The centre signed a certificate; it ends $ends." "El centro firmó un certificado; termina el $ends."
fi
case $why in
  '') finish 3 'The edge or its centre does not answer; the next run asks again.' \
    'El nodo de sede o su centro no responde; la próxima vez se vuelve a pedir.' ;;
  no-authority) finish 4 "The centre signs no TLS certificates: put front.crt and front.key into /etc/holdfast/tls." \
    "El centro no firma certificados TLS: ponga front.crt y front.key en /etc/holdfast/tls." ;;
  refused) finish 4 "The centre does not accept this edge: its identity has ended, or it was revoked." \
    "El centro no acepta este nodo: su identidad terminó o fue revocado." ;;
  box.token) finish 1 "The edge does not know $settings/box.token: its unit has to load it, and be restarted." \
    "El nodo no conoce $settings/box.token: su unidad ha de cargarlo y reiniciarse." ;;
  *) finish 4 "The centre refused to sign: $why." "El centro rechazó firmar: $why." ;;
esac
