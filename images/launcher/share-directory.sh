#!/bin/sh
# share-directory DIRECTORY SOCKET: shows DIRECTORY to the guest whose QEMU connects to SOCKET, until that QEMU is gone.
# virtiofsd would end at once when the kubelet asks the pod's containers to end, but a guest that shuts down still writes. So this shell is
# asked instead, and passes it on only while nobody has connected: virtiofsd removes SOCKET when somebody does.
tools=${0%/*}/virtiofs
socket=$2
"$tools/ld.so" --library-path "$tools" "$tools/virtiofsd" \
  --shared-dir="$1" --socket-path="$socket" --sandbox=none --cache=auto --log-level=error &
server=$!
trap '[ -S "$socket" ] && kill "$server"' TERM

wait "$server"
status=$?
while kill -0 "$server" 2>/dev/null; do
  wait "$server"
  status=$?
done
exit $status
