#!/bin/sh
# `npx holdfast`: the command line, built first when the sources are newer than dist/.
here=$(dirname -- "$(readlink -f -- "$0")")
exec sh "$here/run.sh" --build dist/central/cli/holdfast.js "$@"
