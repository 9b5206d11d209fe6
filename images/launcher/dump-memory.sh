#!/bin/sh
# dump-memory PIPE DIRECTORY PREFIX FILE BYTES: writes what QEMU sends through PIPE to FILE in DIRECTORY, in the place of earlier dumps.
# The pipe is there while QEMU is waited for, and gone as soon as it has opened it: so whoever looks knows which. A dump that ends
# before BYTES is none. What is said goes into the pod's status.
# Whoever gets the volume's group may read it, nobody else: it holds all that the guest knows.
umask 007
pipe=$1 directory=$2 prefix=$3 file=$2/$4 least=$5

fail() {
  rm -f "$file.part"
  echo "$1"
  exit 1
}

for old in "$directory/$prefix"*.memory.dump "$directory/$prefix"*.memory.dump.part; do
  rm -f "$old" || fail "an earlier dump cannot be removed"
done
true >"$file.part" || fail "the claim cannot be written to"
mkfifo "$pipe" || fail "no pipe for QEMU"
exec 3<"$pipe"
rm "$pipe" || exit 1
said=$(dd bs=1M conv=fsync of="$file.part" <&3 2>&1) || fail "${said%%
*}"
size=$(stat -c %s "$file.part")
[ "$size" -ge "$least" ] || fail "the machine ended when $size bytes of its memory were written, of more than $least"
mv "$file.part" "$file" || fail "the dump cannot be given its name"
