#!/bin/sh
# preStop hook: asks the guest to power off and returns when it has. The kubelet bounds how long that may take.
# A guest that is not running (not started yet, paused, crashed) cannot react: QEMU is told to quit.
# With QEMU gone already there is nobody to ask, and this returns at once.
socket=${1:-/run/vmpod/stop.sock}
[ -S "$socket" ] || exit 0

# Pipes: nc reads `requests`, writes `answers`. They live beside the socket: the root file system is read-only.
pipes=$(mktemp -d "${socket%/*}/.stop.XXXXXX") || exit 1
mkfifo "$pipes/requests" "$pipes/answers"
trap '' PIPE
nc -U "$socket" <"$pipes/requests" >"$pipes/answers" 2>/dev/null &
nc=$!
exec 3>"$pipes/requests" 4<"$pipes/answers"
rm -r "$pipes"

finish() {
  kill "$nc" "$reminder" 2>/dev/null
  exit 0
}

ask() {
  echo "{\"execute\":\"$1\"}" >&3 2>/dev/null
}

# A guest that is still booting misses the button: it is pressed again now and then.
press_power_button() {
  ask system_powerdown
  [ -n "$reminder" ] && return
  while sleep 5; do ask system_powerdown; done &
  reminder=$!
}

ask qmp_capabilities
ask query-status
while read -r line <&4; do
  case $line in
    *'"event": "SHUTDOWN"'*) finish ;;
    *'"status": "running"'*) press_power_button ;;
    *'"running": '*'"status": '* | *'"status": '*'"running": '*) ask quit ;;
  esac
done
finish
