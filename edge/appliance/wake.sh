#!/bin/bash
# Gives a started edge its first request, without curl: bash alone. Says in one sentence when the edge cannot work.
#   wake.sh PORT
port=$1
case $port in
  '' | *[!0-9]*)
    echo "HOLDFAST_PORT must be a port number: the edge listens on loopback alone, and TLS stands in front of it."
    exit 1
    ;;
esac
deadline=$((SECONDS + 30))
while ((SECONDS < deadline)); do
  # systemd says which process it started. When that has ended, so has this, and systemd starts it again.
  # (One that has ended and that nobody has asked about yet is in state Z.)
  [[ -z ${MAINPID-} || $(cat "/proc/$MAINPID/status" 2>/dev/null) =~ State:.[^Z] ]] || exit 1
  if { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
    printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    answer=$(timeout 10 cat <&3 2>/dev/null)
    exec 3>&-
    case $answer in
      *problem:not-started*)
        sentence=${answer##*\"title\":\"}
        echo "The edge cannot work yet: ${sentence%\",\"status\"*}"
        exit 0 # It tries again by itself, and a restart would not help.
        ;;
      HTTP/1.1*) exit 0 ;;
    esac
  fi
  sleep 0.2
done
echo "Nothing answers at 127.0.0.1:$port."
exit 1
