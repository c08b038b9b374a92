#!/bin/sh
# Upgrades this edge to a release that the organisation signed, and goes back by itself when it does not become ready.
# Run as root on the box.
#
#   sh /opt/holdfast/upgrade.sh FOLDER     from a folder with release.jws and holdfast-edge.tar.gz
#   sh /opt/holdfast/upgrade.sh --staged   to what the centre wants here, downloaded from it through the edge;
#                                          holdfast-upgrade.timer asks for it every quarter of an hour
#   --dry-run           checks everything and changes nothing
#   --within SECONDS    how long it may take to become ready; 180 without it
#   --downgrade         allows an older version, when what it would find in its database allows it
#   --again             tries a staged release once more that went back before
#   --json              one JSON object on standard output, for programs
#
# Ends with 0 when the box runs the release, with 1 when it was refused or went back, with 2 when it was asked for
# wrongly, with 3 when the edge or its centre does not answer. What a plain Debian has is enough: openssl checks the
# signature by the organisation's key, which came with the identity. Putting it in place and taking it back is the
# work of the release's own install.sh, as one transaction.
set -eu
umask 077

here=$(dirname -- "$(readlink -f -- "$0")")
into=${HOLDFAST_INSTALL_ROOT-}
program=$into/opt/holdfast
settings=$into/etc/holdfast
work=$into/var/lib/holdfast-upgrade

# base64url of {"alg":"ES256","typ":"holdfast-release"}: any other header is none of ours.
HEADER=eyJhbGciOiJFUzI1NiIsInR5cCI6ImhvbGRmYXN0LXJlbGVhc2UifQ
MANIFEST_CHARACTERS_MAX=64000
# Twelve times what an edge's archive has today; a box must not be filled by a number in a manifest.
ARCHIVE_BYTES_MAX=600000000
# Beside the archive: manifest, signature, and what install.sh writes down before it does anything.
ROOM_BYTES_MIN=1048576

case ${LC_ALL:-${LC_MESSAGES:-${LANG-}}} in es | es[_.@]*) spanish=yes ;; *) spanish=no ;; esac

# say ENGLISH SPANISH
say() { if [ "$spanish" = yes ]; then printf '%s' "$2"; else printf '%s' "$1"; fi; }

json=no from='' to='' outcome=''

# finish CODE OUTCOME SENTENCE: the one answer
finish() {
  if [ "$json" = yes ]; then
    quoted=$(printf %s "$3" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')
    printf '{"outcome":"%s","from":"%s","to":"%s","title":"%s"}\n' "$2" "$from" "$to" "$quoted"
  elif [ "$1" = 0 ]; then printf '%s\n' "$3"; else printf 'holdfast: %s\n' "$3" >&2; fi
  exit "$1"
}
refuse() { finish 1 refused "$(say "$1" "$2")"; }

# --- the signature ---------------------------------------------------------------------------------------------------

# base64url of a text, as bytes
bytes_of() {
  case $((${#1} % 4)) in 2) fill='==' ;; 3) fill='=' ;; *) fill='' ;; esac
  printf '%s%s' "$1" "$fill" | tr '_-' '/+' | base64 -d 2>/dev/null
}

# A number of a signature, in hexadecimal, as ASN.1 has it: without zeros before it, and positive.
integer() {
  number=$1
  while :; do case $number in 00??*) number=${number#00} ;; *) break ;; esac; done
  case $number in [89a-f]*) number=00$number ;; esac
  printf '02%02x%s' $((${#number} / 2)) "$number"
}

bytes_of_hex() {
  left=$1
  while [ -n "$left" ]; do
    after=${left#??}
    printf "\\$(printf %03o "0x${left%"$after"}")"
    left=$after
  done
}

# Writes the payload of a manifest that the organisation signed, and fails for anything else.
verified_payload() {
  jws=$(head -c $((MANIFEST_CHARACTERS_MAX + 1)) "$1" | tr -d '\n')
  [ ${#jws} -le $MANIFEST_CHARACTERS_MAX ] || return 1
  case $jws in *[!A-Za-z0-9._-]*) return 1 ;; "$HEADER".*.*) ;; *) return 1 ;; esac
  signature=${jws##*.}
  payload=${jws#*.}
  payload=${payload%.*}
  case $payload in *.* | '') return 1 ;; esac
  [ ${#signature} -eq 86 ] || return 1
  hex=$(bytes_of "$signature" | od -An -v -tx1 | tr -d ' \n')
  [ ${#hex} -eq 128 ] || return 1
  second=${hex#????????????????????????????????????????????????????????????????}
  numbers=$(integer "${hex%"$second"}")$(integer "$second")
  bytes_of_hex "30$(printf %02x $((${#numbers} / 2)))$numbers" >"$work/signature"
  printf %s "$HEADER.$payload" >"$work/signed"
  openssl dgst -sha256 -keyform DER -verify "$settings/organisation.der" -signature "$work/signature" \
    "$work/signed" >/dev/null 2>&1 || return 1
  bytes_of "$payload" >"$work/payload"
}

# A value of the payload: value PATTERN, whose first group it is. Each name stands there once.
value() { sed -n "s/.*$1.*/\\1/p" "$work/payload"; }

read_manifest() {
  [ -r "$1" ] || refuse "$1 is not there." "$1 no está."
  verified_payload "$1" || refuse \
    'The release is not signed by this organisation, or was changed since.' \
    'La versión no está firmada por esta organización, o se modificó después.'
  to=$(value '"version":"\([0-9.]*\)"')
  edge=$(value '"edge":{\([^{}]*\)}')
  bytes=$(printf %s "$edge" | sed -n 's/.*"bytes":\([0-9]\{1,10\}\),.*/\1/p')
  sha256=$(printf %s "$edge" | sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)".*/\1/p')
  [ -n "$to" ] && [ -n "$bytes" ] && [ -n "$sha256" ] && [ "$bytes" -le $ARCHIVE_BYTES_MAX ] || refuse \
    'The release has nothing for an edge.' 'La versión no trae nada para un nodo de sede.'
}

# --- versions --------------------------------------------------------------------------------------------------------

# Whether the first is older than the second.
older() {
  [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)" = "$1" ]
}

# What the release would do to the database that the version here could not go on with, or the other way about.
unbridgeable() {
  grep '^migration ' "$1" | while read -r _ name how; do
    [ "$how" = adds ] || grep -q "^migration $name " "$2" || echo "$name"
  done
}

check_versions() {
  [ "$to" != "$from" ] || finish 0 already "$(say "This box runs $to already." "Este equipo ya ejecuta la $to.")"
  if older "$to" "$from" && [ "$downgrade" = no ]; then
    refuse "$to is older than $from, which runs here: --downgrade if that is meant." \
      "La $to es anterior a la $from, que se ejecuta aquí: --downgrade si es lo que quiere."
  fi
}

# --- what is asked for -----------------------------------------------------------------------------------------------

folder='' staged=no dry=no within=180 downgrade=no again=no
wrong() { finish 2 usage "$(say "$1; see the first lines of upgrade.sh." "$1; vea las primeras líneas de upgrade.sh.")"; }
while [ $# -gt 0 ]; do
  case $1 in
    --staged) staged=yes ;;
    --dry-run) dry=yes ;;
    --downgrade) downgrade=yes ;;
    --again) again=yes ;;
    --json) json=yes ;;
    --within)
      [ $# -ge 2 ] || wrong --within
      case $2 in '' | *[!0-9]* | ?????*) wrong --within ;; esac
      within=$2
      shift
      ;;
    -*) wrong "$1" ;;
    *) [ -z "$folder" ] || wrong "$1" && folder=$1 ;;
  esac
  shift
done
[ "$staged" = yes ] || [ -n "$folder" ] || wrong FOLDER
[ -n "$into" ] || [ "$(id -u)" = 0 ] || finish 2 usage "$(say 'Run this as root.' 'Ejecútelo como root.')"
command -v openssl >/dev/null || finish 2 usage "$(say 'openssl is missing: apt-get install openssl.' 'Falta openssl: apt-get install openssl.')"
[ -r "$program/RELEASE" ] && [ -r "$settings/organisation.der" ] || finish 2 usage "$(say \
  'No edge is installed here, or one from before releases: run install.sh of this version once.' \
  'Aquí no hay ningún nodo de sede, o es anterior a las versiones firmadas: ejecute una vez el install.sh de esta versión.')"
from=$(sed -n 's/^version //p' "$program/RELEASE")
port=$(sed -n 's/^HOLDFAST_PORT=//p' "$settings/holdfast.env")

mkdir -p "$work"
# On a full disk nothing below would say so: a signature that cannot be written does not hold either.
has_room() { [ "$(df -B1 --output=avail "$work" | tail -n 1)" -ge $((ROOM_BYTES_MIN + $1)) ]; }
no_room() { refuse "There is no room for it in $work." "No hay sitio en $work."; }
has_room 0 || no_room
# One at a time; whoever comes second does not wait for what may take minutes.
exec 8<"$work"
flock -w 5 8 || refuse 'Another upgrade is under way.' 'Ya hay otra actualización en marcha.'
tried=$work/went-back

# Tells the edge how it went, which tells people: an alarm there and at every look at it.
tell() { bash "$here/ask.sh" "$port" /v1/box/outcome '' "{\"version\":\"$1\",\"ready\":$2}" >/dev/null 2>&1 || true; }

# --- from the centre -------------------------------------------------------------------------------------------------

fetch_staged() {
  wanted=$(bash "$here/ask.sh" "$port" /v1/box/release) || finish 3 unreachable \
    "$(say 'The edge does not answer.' 'El nodo de sede no responde.')"
  case $wanted in
    *'"due":true'*) ;;
    *) finish 0 nothing "$(say 'The centre wants nothing else here now.' 'El centro no quiere otra cosa aquí ahora.')" ;;
  esac
  folder=$work/download
  mkdir -p "$folder"
  printf %s "$wanted" | sed -n 's/.*"manifest":"\([A-Za-z0-9._-]*\)".*/\1/p' >"$folder/release.jws"
  read_manifest "$folder/release.jws"
  check_versions
  if [ "$again" = no ] && [ -e "$tried" ] && cmp -s "$tried" "$folder/release.jws"; then
    tell "$to" false
    finish 1 went-back "$(say "$to went back before and is not tried again without --again." "La $to ya se deshizo y no se reintenta sin --again.")"
  fi
  file=$folder/$sha256
  # What was downloaded of another release is of no use any more.
  find "$folder" -type f ! -name release.jws ! -name "$sha256" -delete
  touch "$file"
  has_room $((bytes - $(stat -c %s "$file"))) || no_room
  while held=$(stat -c %s "$file") && [ "$held" -lt "$bytes" ]; do
    bash "$here/ask.sh" "$port" "/v1/box/release/file?offset=$held" "$file" >/dev/null ||
      finish 3 unreachable "$(say "The centre does not answer; $held of $bytes bytes are here, and the next run goes on." "El centro no responde; hay $held de $bytes bytes, y la próxima vez se continúa.")"
    [ "$(stat -c %s "$file")" -gt "$held" ] || has_room 0 || no_room
    [ "$(stat -c %s "$file")" -gt "$held" ] || finish 3 unreachable "$(say 'The centre sent nothing.' 'El centro no envió nada.')"
  done
  ln -f "$file" "$folder/holdfast-edge.tar.gz"
}

# --- and then --------------------------------------------------------------------------------------------------------

if [ "$staged" = yes ]; then fetch_staged; else read_manifest "$folder/release.jws"; check_versions; fi

archive=$folder/holdfast-edge.tar.gz
[ -r "$archive" ] || refuse "$archive is not there." "$archive no está."
# Of its own, before it is looked at: whoever can write to the folder could change it in between.
if [ "$staged" = no ]; then
  has_room "$bytes" && cp "$archive" "$work/archive" || no_room
  archive=$work/archive
fi
if [ "$(stat -L -c %s "$archive")" != "$bytes" ] || [ "$(sha256sum "$archive" | cut -d ' ' -f 1)" != "$sha256" ]; then
  rm -rf "$work/download" "$work/archive"
  refuse 'holdfast-edge.tar.gz is not the file that was signed.' 'holdfast-edge.tar.gz no es el fichero que se firmó.'
fi
rm -rf "$work/unpacked"
mkdir "$work/unpacked"
tar --extract --no-same-owner --file="$archive" --directory="$work/unpacked" || {
  rm -rf "$work/unpacked" "$work/archive"
  no_room
}
rm -f "$work/archive"
new=$work/unpacked/holdfast-edge
[ "$(sed -n 's/^version //p' "$new/RELEASE")" = "$to" ] ||
  refuse 'The archive is of another version than the manifest says.' 'El archivo es de otra versión que la del manifiesto.'
one_way=$(
  unbridgeable "$new/RELEASE" "$program/RELEASE"
  if older "$to" "$from"; then unbridgeable "$program/RELEASE" "$new/RELEASE"; fi
)
[ -z "$one_way" ] || refuse \
  "Between $from and $to there is no way back: $(echo $one_way) changes the tables. See the notes of that release." \
  "Entre la $from y la $to no hay vuelta atrás: $(echo $one_way) modifica las tablas. Vea las notas de esa versión."

if [ "$dry" = yes ]; then
  rm -rf "$work/unpacked"
  finish 0 dry-run "$(say "$to is signed, whole and newer than $from; nothing was changed." "La $to está firmada y completa, y sustituiría a la $from; no se cambió nada.")"
fi

# The journal of install.sh takes back what does not become ready, also after a kill or a power cut.
if HOLDFAST_WITHIN_S=$within sh "$new/install.sh" >"$work/said" 2>&1; then
  rm -rf "$work/unpacked" "$work/download" "$tried"
  tell "$to" true
  finish 0 upgraded "$(say "This box runs $to, and is ready." "Este equipo ejecuta la $to y está listo.")"
fi
why=$(sed -n 's/^holdfast: //p' "$work/said" | head -n 1)
[ "$staged" = no ] || cp "$folder/release.jws" "$tried"
rm -rf "$work/unpacked" "$work/download"
tell "$to" false
finish 1 went-back "$(say "$to was not kept, and $from runs on: $why" "La $to no se mantuvo y sigue la $from: $why")"
