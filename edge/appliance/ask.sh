#!/bin/bash
# Asks this machine's edge on loopback, without curl: bash alone.
#   ask.sh PORT PATH            the answer's body on standard output
#   ask.sh PORT PATH FILE       ... appended to FILE, as bytes
#   ask.sh PORT PATH '' BODY    sends BODY, a JSON text
# With HOLDFAST_BOX_TOKEN in the environment it shows that root asks.
# Ends with 0 when the answer is a 2xx, with 1 for any other, with 2 when there is none.
port=$1 path=$2 file=${3-} body=${4-}
if ! { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then exit 2; fi
exec 2>/dev/null
{
  if [[ -n $body ]]; then
    printf 'POST %s HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n' "$path" "${#body}"
  else
    printf 'GET %s HTTP/1.1\r\n' "$path"
  fi
  [[ -z ${HOLDFAST_BOX_TOKEN-} ]] || printf 'Authorization: Bearer %s\r\n' "$HOLDFAST_BOX_TOKEN"
  printf 'Host: localhost\r\nConnection: close\r\n\r\n%s' "$body"
} >&3
# Byte by byte, as it has to be on what cannot be wound back: nothing of the body is taken.
read -r -t 60 _ status _ <&3 || exit 2
length='' chunked=''
while IFS= read -r -t 10 line <&3 && line=${line%$'\r'} && [[ -n $line ]]; do
  case ${line,,} in
    content-length:*) length=${line#*:} ;;
    transfer-encoding:*chunked*) chunked=yes ;;
  esac
done
pass() { timeout 60 head -c "$1" <&3; }
receive() {
  if [[ -z $chunked ]]; then
    if [[ -n $length ]]; then pass "$((length))"; else timeout 60 cat <&3; fi
    return
  fi
  while IFS= read -r -t 60 size <&3; do
    size=$((16#${size%%[;$'\r']*}))
    ((size > 0)) || break
    pass "$size"
    read -r -t 10 _ <&3
  done
}
if [[ -n $file && $status == 2* ]]; then receive >>"$file"; else receive; fi
[[ $status == 2* ]]
