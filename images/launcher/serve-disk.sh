#!/bin/sh
# serve-disk SOCKET FILE BYTES LOCKING OPTION...: serves FILE, which is made with BYTES if it is not there, to the QEMU that connects to SOCKET,
# and again when it comes back. With LOCKING auto nobody else may have it open, with off anybody. OPTIONs are qemu-nbd's.
# One that is killed leaves its socket; who starts again makes another.
umask 007
socket=$1 file=$2 bytes=$3 locking=$4
shift 4

if [ ! -e "$file" ]; then
  rm -f "$file.part"
  truncate -s "$bytes" "$file.part" && mv "$file.part" "$file" || exit 1
fi
rm -f "$socket" || exit 1
image="driver=raw,file.driver=file,file.filename=$file,file.locking=$locking"
exec qemu-nbd --socket="$socket" --persistent --shared=2 "$@" --image-opts "$image"
