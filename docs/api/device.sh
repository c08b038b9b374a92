#!/bin/bash
# What a device does, in bash, curl, openssl and coreutils: it makes a key, enrols, and escrows a recovery password. For
# seeing how a proof is made (DPoP, RFC 9449) before writing an agent; a real one keeps its key in the TPM, checks the
# receipt's signature against the organisation's thumbprint, and encrypts only then.
#
#     NODE=https://edge.madrid.example.org SITE_TOKEN=$(cat madrid.token) bash docs/api/device.sh
set -euo pipefail
umask 077
: "${NODE:?where the node is}" "${SITE_TOKEN:?the enrolment token of the site}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"

base64url() { basenc --base64url -w0 | tr -d =; }
point() { openssl ec -in "$work/key.pem" -pubout -outform DER 2>/dev/null | tail -c 64; }
jwk=$(printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' "$(point | head -c 32 | base64url)" "$(point | tail -c 32 | base64url)")

# An ECDSA signature as JOSE has it: both numbers, 32 bytes each, instead of openssl's DER.
sign() {
  openssl dgst -sha256 -sign "$work/key.pem" | openssl asn1parse -inform DER |
    sed -n 's/.*INTEGER *://p' | while read -r number; do printf '%64s' "$number"; done |
    tr ' ' 0 | basenc --base16 -d | base64url
}

# proof METHOD URL [TOKEN]: for one request; with a token, bound to it.
proof() {
  local bound='' head body
  if [ $# -gt 2 ]; then bound=",\"ath\":\"$(printf %s "$3" | openssl dgst -sha256 -binary | base64url)\""; fi
  head=$(printf '{"typ":"dpop+jwt","alg":"ES256","jwk":%s}' "$jwk" | base64url)
  body=$(printf '{"jti":"%s","htm":"%s","htu":"%s","nonce":"%s"%s}' \
    "$(openssl rand -hex 16)" "$1" "$2" "$nonce" "$bound" | base64url)
  printf '%s.%s.%s' "$head" "$body" "$(printf '%s.%s' "$head" "$body" | sign)"
}

# The first request is refused and brings the nonce of this node; every later answer brings the next one.
call() { # METHOD PATH BODY [TOKEN]
  local url="$NODE$2" headers=()
  for _ in 1 2; do
    headers=(--header "DPoP: $(proof "$1" "$url" "${@:4:1}")")
    if [ $# -gt 3 ]; then headers+=(--header "Authorization: DPoP $4"); fi
    # Secrets go in by standard input and by a file, for everybody may read a command line.
    printf '%s\n' "${headers[@]:1:1}" "${headers[@]:3:1}" > "$work/headers"
    printf %s "$3" | curl --silent --show-error --request "$1" --header @"$work/headers" \
      --header 'Content-Type: application/json' --data @- --dump-header "$work/answer" --output "$work/body" "$url"
    nonce=$(tr -d '\r' < "$work/answer" | sed -n 's/^dpop-nonce: //Ip')
    grep -q 'use-dpop-nonce' "$work/body" || break
  done
  cat "$work/body"
  head -1 "$work/answer" | grep -q ' 20[01]'
}

nonce=''
uuid=$(cat /proc/sys/kernel/random/uuid)
machine=$(printf '"computerName":"PC-SHELL-%s","domain":"corp.example","smbiosUuid":"%s","serial":"SAMPLE"' "${uuid:0:4}" "$uuid")

# The call is not in `$( )`: it sets the next nonce.
call POST /v1/devices "{\"siteToken\":\"$SITE_TOKEN\",\"attributes\":{$machine,\"make\":\"Example\",\"model\":\"Shell\",\"osVersion\":\"10.0.26100\"}}" > "$work/enrolled"
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/enrolled")
echo "enrolled as $(sed -n 's/.*"deviceId":"\([^"]*\)".*/\1/p' "$work/enrolled")"

# A password as Windows makes it: eight 16-bit numbers, each times 11. Plainly a sample.
password=111111-222222-333333-444444-555555-666666-111111-222222
key=$(cat /proc/sys/kernel/random/uuid)
call PUT "/v1/recovery/keys/$key" "{\"recoveryPassword\":\"$password\",\"volumeId\":\"$(cat /proc/sys/kernel/random/uuid)\",\"volumeType\":1,\"counter\":1,$machine,\"users\":[]}" "$token" > "$work/escrowed"
echo "escrowed $key: $(cat "$work/escrowed")"
