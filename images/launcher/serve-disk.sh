#!/bin/sh
# serve-disk SOCKET FILE BYTES alone|shared OPTION...: serves FILE, which is made with BYTES if it is not there, to the QEMU that connects to
# SOCKET, and again when it comes back. Nobody else may write to it meanwhile, unless it is shared: qemu-nbd by itself lets anybody, a filter
# above the image does not. OPTIONs are qemu-nbd's. One that is killed leaves its socket; who starts again makes another. One that is told to end serves on until QEMU has gone: all pods of a
# node may be told so at once, and a guest that shuts down has yet to write.
umask 007
socket=$1 file=$2 bytes=$3 sharing=$4
shift 4

# Beside what it was started with it has one socket to listen at, and one more for who is connected. /proc/net does not tell: that one is of its
# client's network.
isUsed() {
  case $(stat -c %N "/proc/$server/fd/"[3-9] "/proc/$server/fd/"[1-9][0-9] 2>/dev/null) in
    *socket:*socket:*) return 0 ;;
  esac
  return 1
}

end() {
  while isUsed; do sleep 0.2; done
  kill "$server"
  ended=yes
}

if [ ! -e "$file" ]; then
  rm -f "$file.part"
  truncate -s "$bytes" "$file.part" && mv "$file.part" "$file" || exit 1
fi
rm -f "$socket" || exit 1
if [ "$sharing" = shared ]; then
  image="driver=raw,file.driver=file,file.filename=$file,file.locking=off"
else
  image="driver=blkdebug,unshare-child-perms.0=write,image.driver=raw,image.file.driver=file,image.file.filename=$file"
fi
qemu-nbd --socket="$socket" --persistent --shared=2 "$@" --image-opts "$image" &
server=$! ended=
trap end TERM
wait "$server"
code=$?
[ -z "$ended" ] || { wait "$server"; code=$?; }
exit "$code"
