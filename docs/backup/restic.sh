#!/bin/sh
# Backs the centre up with restic, and keeps what the last lines say. Run as root on the centre's machine, from cron or
# holdfast-restic.timer. Settings of restic's own: RESTIC_REPOSITORY and RESTIC_PASSWORD_FILE (once: restic init).
set -eu

holdfast=${HOLDFAST-holdfast}
report=--failed

# Whatever ends this script from here on, Holdfast hears of it.
finish() {
  # shellcheck disable=SC2086 # nothing, or one option
  $holdfast snapshot hook post --tool restic $report
}

# A snapshot of both stores, verified, as plain files at one stable place. Without one there is nothing to back up.
folder=$($holdfast snapshot hook pre --tool restic)
trap finish EXIT
trap 'exit 1' HUP INT TERM

restic backup --quiet --tag holdfast "$folder"
report=
# Retention of restic's own; Holdfast's is about the snapshots on its own disk.
restic forget --quiet --tag holdfast --group-by host,tags --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --prune
