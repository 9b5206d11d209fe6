#!/bin/sh
# with-efi-variables INITIAL FILE COMMAND...: gives this machine EFI variables of its own, INITIAL at first, then runs COMMAND.
# Copied under another name: FILE is whole whenever it is there.
[ -e "$2" ] || { cp "$1" "$2.new" && mv "$2.new" "$2"; } || exit 1
shift 2
exec "$@"
