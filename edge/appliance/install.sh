#!/bin/sh
# Installs a Holdfast edge on a machine with systemd, or upgrades it. Run as root from the unpacked archive.
#
#   sh install.sh --identity FILE --centre HOST:PORT [--centre-name NAME] [--centre-ca FILE]
#                 [--certificate FILE --key FILE]
#   sh install.sh                                        upgrades; settings, identity and data stay. It does not check
#                                                        who made the archive: upgrade.sh does, and then runs this
#   sh install.sh --uninstall program                    takes it off; settings, identity and data stay
#   sh install.sh --uninstall everything                 and these as well
#
# What is given replaces what is there; everything else is kept. Without a certificate the edge asks its centre for one
# (certificate.sh). Where the centre signs none the edge replicates and the branch cannot come in yet: put front.crt and
# front.key into /etc/holdfast/tls later, nothing else is needed.
#
# It is one transaction: whatever fails, also a kill or a power cut, leaves the machine as it was. How to undo each thing
# is on disk, in /var/lib/.holdfast-edge-install, before it is done; what is left there is undone by the next run first.
# Before anything is put in place, the edge is tried with this identity in a folder of its own, and its database engine
# has to show that a snapshot of it can be taken: on that the edge's snapshot writer depends.
#
# Over an edge that runs, the transaction ends only when the new one has become ready and has stayed so; otherwise the
# one from before runs again, over the same database, with whatever was written to it meanwhile.
set -eu
umask 077

here=$(dirname -- "$(readlink -f -- "$0")")
# Tests and image builders install into a folder.
into=${HOLDFAST_INSTALL_ROOT-}
program=$into/opt/holdfast
settings=$into/etc/holdfast
units=$into/etc/systemd/system
state=$into/var/lib/.holdfast-edge-install
data=$into/var/lib/holdfast-edge
all_units='holdfast-edge-recover.service holdfast-upgrade.timer holdfast-tls@uplink.service holdfast-edge.service holdfast-certificates.path holdfast-certificates.timer holdfast-renew.timer holdfast-tls@front.service'

# An image that is built has no systemd; a test may bring one.
managed=${HOLDFAST_INSTALL_SYSTEMD:-$([ -n "$into" ] && echo no || echo yes)}
within_s=${HOLDFAST_WITHIN_S:-180}
# Looks that have to find it ready one after the other, half a second apart: what crashes does so within these.
settled_looks=10
restarts_max=3

fail() {
  echo "holdfast: $1" >&2
  exit 1
}

# --- how things are undone -------------------------------------------------------------------------------------------

saved=0
changed=''
trial_pid=''

note() {
  printf '%s\n' "$*" >>"$state/journal"
  sync "$state/journal"
}

# Makes or replaces a file: put MODE SOURCE TARGET
put() {
  if [ -e "$3" ]; then
    if cmp -s "$2" "$3" && [ "$(stat -c %a "$3")" = "$1" ]; then return 0; fi
    save "$3"
  else
    note remove "$3"
  fi
  install -m "$1" "$2" "$3.holdfast-new"
  sync "$3.holdfast-new"
  # By renaming: a running edge keeps its old executable until it is restarted.
  mv "$3.holdfast-new" "$3"
  changed="$changed $3"
}

save() {
  saved=$((saved + 1))
  cp -p "$1" "$state/saved/$saved"
  sync "$state/saved/$saved"
  note restore "$1" "$saved"
}

take_away() {
  [ -e "$1" ] || return 0
  save "$1"
  rm "$1"
}

# Makes a folder, and those above it: folder MODE PATH
folder() {
  [ ! -d "$2" ] || return 0
  folder 755 "$(dirname -- "$2")"
  note rmdir "$2"
  mkdir "$2"
  chmod "$1" "$2"
}

undo() {
  case $1 in
    remove) rm -f "$2" "$2.holdfast-new" ;;
    rmdir) rmdir "$2" 2>/dev/null || true ;; # Something else is in it by now, and it stays.
    restore)
      cp -p "$state/saved/$3" "$2.holdfast-new"
      sync "$2.holdfast-new"
      mv "$2.holdfast-new" "$2"
      ;;
    disable) systemctl disable --quiet "$2" || true ;;
    enable) systemctl enable --quiet --now "$2" || true ;;
  esac
}

# A last line that was cut off is of something that was never begun.
undo_all() {
  [ -e "$state/journal" ] || return 0
  if grep -qx 'end' "$state/journal"; then return 0; fi
  [ -z "$(tail -c 1 "$state/journal")" ] || sed -i '$d' "$state/journal"
  tac "$state/journal" >"$state/undoing"
  while read -r what path number; do undo "$what" "$path" "$number"; done <"$state/undoing"
  if [ "$managed" = yes ]; then
    systemctl daemon-reload || true
    # Those that run. At the start of the machine none does yet, and they wait for this to end: not the other way about.
    wait=''
    [ "$recover" = no ] || wait=--no-block
    # shellcheck disable=SC2046,SC2086 # several units, and an option that there may not be
    if [ -e "$state/restarted" ]; then systemctl try-restart $wait $(cat "$state/restarted") || true; fi
  fi
  # What was saved goes next, and must not be missed by whoever comes after an interruption here.
  note end
}

forget() {
  rm -rf "$state/saved" "$state/undoing" "$state/trial"
  rm -rf "$state"
}

begin() {
  [ -d "$into/var/lib" ] || fail "$into/var/lib is not there."
  exec 9<"$into/var/lib"
  # What a killed one had started may hold it for a moment.
  flock -w 5 9 || fail 'Another installation is under way.'
  if [ -d "$state" ]; then
    # A trial that outlived its installer would hold a port.
    if [ -s "$state/trial.pid" ]; then end_trial "$(cat "$state/trial.pid")"; fi
    undo_all
    forget
    echo 'An installation that had been interrupted was undone first.' >&2
  fi
  [ "$recover" = no ] || exit 0
  trap ended EXIT
  trap 'exit 1' HUP INT TERM
  mkdir -m 700 "$state" "$state/saved"
  # What undoes this after a power cut, whichever installer is in place by then.
  cp "$here/install.sh" "$state/recover.sh"
  sync "$state/recover.sh" "$into/var/lib"
}

commit() {
  note end
  trap - EXIT
  forget
}

ended() {
  trap '' HUP INT TERM
  [ -z "$trial_pid" ] || end_trial "$trial_pid"
  restarted=no
  [ ! -e "$state/restarted" ] || restarted=yes
  undo_all
  forget
  if [ "$restarted" = yes ]; then
    within_s=60 settled_looks=1
    await_ready '' "$was_ready" || echo 'holdfast: The edge that was there does not answer yet.' >&2
  fi
  echo 'holdfast: Nothing was changed: the machine is as it was.' >&2
}

# --- whether it is ready ---------------------------------------------------------------------------------------------

# By the kernel's own count: a clock may be set meanwhile.
uptime_s() { cut -d . -f 1 /proc/uptime; }

# Whether the edge answers as this version ("" for any), and is ready for its devices unless it was not before either.
is_ready() {
  answer=$(bash "$here/ask.sh" "$port" /readyz) && code=0 || code=$?
  case $answer in *"\"role\":\"edge\",\"version\":\"${1:+$1\"}"*) ;; *) return 1 ;; esac
  [ "$2" = no ] || [ "$code" = 0 ]
}

await_ready() {
  until_s=$(($(uptime_s) + within_s))
  looks=0
  unready="It did not become ready within $within_s s."
  while [ "$looks" -lt "$settled_looks" ]; do
    if is_ready "$@"; then looks=$((looks + 1)); else looks=0; fi
    [ "$(uptime_s)" -lt "$until_s" ] || return 1
    # systemd starts it again and again; what ends at once will not do otherwise the next time.
    if [ "$(systemctl show --property=NRestarts --value holdfast-edge.service)" -ge "$restarts_max" ]; then
      unready="It ended $restarts_max times."
      return 1
    fi
    sleep 0.5
  done
}

# --- the trial -------------------------------------------------------------------------------------------------------

end_trial() {
  case $(readlink "/proc/$1/exe" 2>/dev/null) in '') return 0 ;; esac
  # Only what was started here: a number may be another program's by now.
  grep -qF "$state/trial/data" "/proc/$1/cmdline" 2>/dev/null || return 0
  kill -9 "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

start_trial() {
  port=$((20000 + ($$ + $1) % 12000))
  "$here/holdfast-edge" "--directory-path=data=$state/trial/data" "--directory-path=credentials=$state/trial/credentials" \
    "--socket-addr=http=127.0.0.1:$port" --external-addr=centre=127.0.0.1:9 >"$state/trial/said" 2>&1 9<&- &
  trial_pid=$!
  echo "$trial_pid" >"$state/trial.pid"
  # wake.sh gives up when the process that it is told of has ended.
  woke=$(MAINPID=$trial_pid bash "$here/wake.sh" "$port") ||
    fail "The edge does not run on this machine: $(tail -n 1 "$state/trial/said")"
  case $woke in *'cannot work yet: '*) fail "${woke##*cannot work yet: }" ;; esac
}

# The edge as it will run, over a database of its own; then a snapshot of that, while it is open.
try_edge() {
  mkdir -m 700 "$state/trial" "$state/trial/data" "$state/trial/credentials"
  if [ -e "$1" ]; then
    install -m 600 "$1" "$state/trial/credentials/identity.json"
  else
    # Sealed to this machine, as OPERATIONS.md says.
    systemd-creds decrypt --name=identity.json "$settings/identity.cred" "$state/trial/credentials/identity.json"
  fi
  start_trial 0
  database=$(find "$state/trial/data" -name '*.sqlite' -size +0 | grep -v metadata | head -n 1)
  [ -n "$database" ] || fail 'The edge made no database.'
  if command -v sqlite3 >/dev/null; then
    copied=$(sqlite3 "file:$database?mode=ro" "VACUUM INTO '$state/trial/copy'" 2>&1) &&
      [ "$(sqlite3 "$state/trial/copy" 'PRAGMA quick_check(1)' 2>&1)" = ok ] ||
      fail "No snapshot can be taken of the edge's database, and its writer depends on that: ${copied:-the copy is not whole}"
  else
    # Without SQLite's own program: the file is whole at any moment, as after a kill.
    end_trial "$trial_pid"
    start_trial 1
  fi
  end_trial "$trial_pid"
  trial_pid=''
  rm -rf "$state/trial" "$state/trial.pid"
}

# The organisation's public key, as openssl reads it: what upgrade.sh checks a release by. The identity itself may later
# be readable by the edge alone.
organisation_key() {
  key_of=$(tr -d ' \t\r\n' <"$1" | sed -n 's/.*"organisation":{\([^{}]*\)}.*/\1/p')
  printf '\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075\003\001\007\003\102\000\004'
  for coordinate in x y; do
    printf '%s=' "$(printf %s "$key_of" | sed -n "s/.*\"$coordinate\":\"\([A-Za-z0-9_-]\{43\}\)\".*/\1/p")" |
      tr '_-' '/+' | base64 -d
  done
}

# Registers the edge's snapshot writer, or leaves the one that is there.
register() {
  folder 755 "$settings/writers"
  [ ! -e "$settings/writers/edge.json" ] || return 0
  instance=$(tr -dc 'a-z2-7' </dev/urandom 2>/dev/null | head -c 16)
  cat >"$state/edge.json" <<END
{
  "format": 1,
  "name": "Holdfast Edge Store Writer",
  "instance": "$instance",
  "store": "edge",
  "server": "$(uname -n)",
  "url": "file:/var/lib/holdfast-edge",
  "dependsOn": { "engine": "workerd-sqlite", "facility": "VACUUM INTO by a read-only connection" },
  "restoreMethod": "seed it anew from the centre (holdfast snapshot seed); what it holds is on its way there",
  "registeredAt": $(date +%s)000,
  "state": "STABLE"
}
END
  put 644 "$state/edge.json" "$settings/writers/edge.json"
}

# --- what is asked for -----------------------------------------------------------------------------------------------

recover=no
if [ "${1-}" = --recover ]; then
  recover=yes
  begin
  exit 0
fi
identity='' centre='' centre_name='' centre_ca='' certificate='' key='' uninstall=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value."
  case $1 in
    --identity) identity=$2 ;;
    --centre) centre=$2 ;;
    --centre-name) centre_name=$2 ;;
    --centre-ca) centre_ca=$2 ;;
    --certificate) certificate=$2 ;;
    --key) key=$2 ;;
    --uninstall) uninstall=$2 ;;
    *) fail "$1 is not known; see the first lines of install.sh." ;;
  esac
  shift 2
done

if [ -z "$into" ]; then
  [ "$(id -u)" = 0 ] || fail 'run this as root.'
  [ -d /run/systemd/system ] || fail 'this machine does not run systemd.'
fi

if [ -n "$uninstall" ]; then
  case $uninstall in program | everything) ;; *) fail '--uninstall is "program" or "everything".' ;; esac
  [ -e "$program/holdfast-edge" ] || fail 'no edge is installed here.'
  begin
  take_away "$settings/writers/edge.json"
  if [ "$managed" = yes ]; then
    for unit in $all_units; do
      if systemctl is-enabled --quiet "$unit" 2>/dev/null; then
        note enable "$unit"
        systemctl disable --quiet --now "$unit"
      fi
    done
  fi
  for unit in "$units"/holdfast-edge*.service "$units"/holdfast-tls@.service "$units"/holdfast-certificates.* \
    "$units"/holdfast-renew.* "$units"/holdfast-upgrade.*; do
    take_away "$unit"
  done
  for file in "$program"/*; do take_away "$file"; done
  commit
  [ "$managed" = no ] || systemctl daemon-reload
  rmdir "$program" "$settings/writers" 2>/dev/null || true
  if [ "$uninstall" = everything ]; then
    rm -rf "$settings/holdfast.env" "$settings/identity.json" "$settings/box.token" "$settings/organisation.der" "$settings/tls" "$into/var/lib/holdfast-upgrade"
    rmdir "$settings" 2>/dev/null || true
    rm -rf "$data/" "$data" "$into/var/lib/private/holdfast-edge"
  fi
  echo 'The edge is taken off this machine.'
  exit 0
fi

# Everything is checked before anything is changed.
for file in "$identity" "$centre_ca" "$certificate" "$key"; do
  [ -z "$file" ] || [ -r "$file" ] || fail "$file cannot be read."
done
[ -n "$identity" ] || [ -e "$settings/identity.json" ] || [ -e "$settings/identity.cred" ] || fail 'give the identity made for this edge: --identity FILE.'
[ -n "$centre" ] || [ -e "$settings/holdfast.env" ] || fail 'give the centre: --centre HOST:PORT.'
case $centre in '' | *?:[0-9]*) ;; *) fail '--centre is HOST:PORT, such as holdfast.example.org:443.' ;; esac
case ${certificate:+c}${key:+k} in '' | ck) ;; *) fail '--certificate and --key go together.' ;; esac
[ -n "$into" ] || [ -x /usr/sbin/haproxy ] || fail 'haproxy is missing: apt-get install haproxy.'

port=$(sed -n 's/^HOLDFAST_PORT=//p' "$settings/holdfast.env" 2>/dev/null || true)
ran=no was_ready=no
if [ "$managed" = yes ] && systemctl is-active --quiet holdfast-edge.service; then
  ran=yes
  if is_ready '' yes; then was_ready=yes; fi
fi

begin
try_edge "${identity:-$settings/identity.json}"

folder 755 "$program"
folder 755 "$settings"
folder 755 "$units"
folder 700 "$settings/tls"
put 755 "$here/holdfast-edge" "$program/holdfast-edge"
for file in wake.sh ask.sh vault-key.sh certificate.sh install.sh upgrade.sh; do put 755 "$here/$file" "$program/$file"; done
for file in RELEASE front.cfg uplink.cfg unprivileged.cfg OPERATIONS.md; do put 644 "$here/$file" "$program/$file"; done
for unit in "$here"/holdfast-*.service "$here"/holdfast-*.path "$here"/holdfast-*.timer; do
  put 644 "$unit" "$units/$(basename -- "$unit")"
done
[ -z "$identity" ] || put 600 "$identity" "$settings/identity.json"
if [ ! -e "$settings/box.token" ]; then
  tr -dc 'A-Za-z0-9' </dev/urandom 2>/dev/null | head -c 43 >"$state/box.token"
  put 600 "$state/box.token" "$settings/box.token"
fi
if [ -n "$identity" ] || [ ! -e "$settings/organisation.der" ]; then
  organisation_key "$settings/identity.json" >"$state/organisation.der"
  put 644 "$state/organisation.der" "$settings/organisation.der"
fi

set_value() {
  sed "s|^$1=.*|$1=$2|" "$state/holdfast.env" >"$state/holdfast.env.new"
  mv "$state/holdfast.env.new" "$state/holdfast.env"
}
if [ -e "$settings/holdfast.env" ]; then cp "$settings/holdfast.env" "$state/"; else cp "$here/holdfast.env" "$state/"; fi
if [ -n "$centre" ]; then
  set_value HOLDFAST_CENTRE_ADDRESS "$centre"
  set_value HOLDFAST_CENTRE_NAME "${centre_name:-${centre%:*}}"
fi
if [ -n "$centre_ca" ]; then
  put 644 "$centre_ca" "$settings/tls/centre-ca.crt"
  set_value HOLDFAST_CENTRE_CA /etc/holdfast/tls/centre-ca.crt
fi
put 644 "$state/holdfast.env" "$settings/holdfast.env"
if [ -n "$certificate" ]; then
  put 644 "$certificate" "$settings/tls/front.crt"
  put 600 "$key" "$settings/tls/front.key"
fi
register

if [ "$managed" = no ]; then
  commit
  exit 0
fi
systemctl daemon-reload
# Debian starts an haproxy of its own, which is not this one.
if systemctl is-enabled --quiet haproxy.service 2>/dev/null; then
  note enable haproxy.service
  systemctl disable --quiet --now haproxy.service || true
fi
started=$all_units
[ -e "$settings/tls/front.crt" ] || started=${all_units% *}
for unit in $started; do
  if systemctl is-enabled --quiet "$unit" 2>/dev/null; then continue; fi
  note disable "$unit"
  systemctl enable --quiet "$unit"
done
# Run at the start of the machine, and asked by its own clock.
running=$(printf '%s\n' $started | grep -v recover | grep -v upgrade)
if [ "$ran" = yes ]; then
  # Every connection through them would be cut: only when they are others than before.
  touched=holdfast-edge.service
  case $changed in *tls* | *.cfg* | *holdfast.env*) touched=$running ;; esac
  printf '%s\n' $touched >"$state/restarted"
  sync "$state/restarted" "$state"
  port=$(sed -n 's/^HOLDFAST_PORT=//p' "$settings/holdfast.env")
  systemctl restart --no-block $touched
  await_ready "$(sed -n 's/^version //p' "$here/RELEASE")" "$was_ready" || fail "$unready"
  commit
  systemctl start --quiet holdfast-upgrade.timer holdfast-renew.timer || true
  exit 0
fi
commit
# shellcheck disable=SC2086 # several units
systemctl restart $running holdfast-upgrade.timer || fail 'not everything started: systemctl status "holdfast-*"'
echo 'Holdfast is installed. What it says about itself: journalctl -u holdfast-edge'
