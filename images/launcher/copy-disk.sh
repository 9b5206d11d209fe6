#!/bin/sh
# copy-disk [-L] SOURCE... TARGET: copies what is at each SOURCE in this container's image to the same path below TARGET.
# Runs in the image of a container disk, which has nothing to run: all it uses lies beside it.
# Links are copied as links, which the node agent refuses, or with -L as what they lead to here; zeros become holes.
links=--no-dereference
if [ "$1" = -L ]; then
  links=--dereference
  shift
fi
for target; do :; done
tools=${0%/*}

run() {
  program=$1
  shift
  "$tools/ld.so" --library-path "$tools" "$tools/$program" "$@"
}

# Of an attempt that was cut short.
run busybox chmod -R u+rwX "$target"/* 2>/dev/null
run busybox rm -rf "$target"/* || exit 1

while [ $# -gt 1 ]; do
  # An image without a disk is none of our business: who looks for the disk says so, as with any image.
  if [ -e "$1" ] || [ -L "$1" ]; then
    run cp --recursive $links --parents --preserve=mode --sparse=always "$1" "$target" || exit
  fi
  shift
done
