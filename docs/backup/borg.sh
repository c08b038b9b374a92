#!/bin/sh
# Backs the centre up with borg alone (borgmatic: see borgmatic.yaml). Run as root on the centre's machine. Settings of
# borg's own: BORG_REPO and BORG_PASSCOMMAND (once: borg init --encryption repokey).
set -eu

holdfast=${HOLDFAST-holdfast}
report=--failed

# Whatever ends this script from here on, Holdfast hears of it.
finish() {
  # shellcheck disable=SC2086 # nothing, or one option
  $holdfast snapshot hook post --tool borg $report
}

# A snapshot of both stores, verified, as plain files at one stable place. Without one there is nothing to back up.
folder=$($holdfast snapshot hook pre --tool borg)
trap finish EXIT
trap 'exit 1' HUP INT TERM

# A database changes page by page and keeps its place: pieces of a fixed size find more that is unchanged.
borg create --chunker-params fixed,16384 "::holdfast-{now:%Y-%m-%dT%H:%M:%S}" "$folder"
report=
borg prune --glob-archives 'holdfast-*' --keep-daily 7 --keep-weekly 5 --keep-monthly 12
borg compact
