#!/bin/sh
# A probe of the guest by its agent, run by the kubelet:
#   probe-guest liveness|readiness SECONDS REQUEST
# where REQUEST is the agent's `guest-ping`, or `guest-exec` of the program whose exit status counts.
#
# Whoever this starts it also ends and waits for: the container's first process is QEMU, which would leave them as zombies.
# The agent's socket serves one at a time, so each question is a connection of its own, as short as can be.
kind=$1
seconds=$2
request=$3
run=${VMPOD_RUN_DIRECTORY:-/run/vmpod}
deadline=$(($(date +%s) + seconds))
trap '' PIPE

# SOCKET: opens 3 to write to it and 4 to read from it. nc gives up when it is silent for too long.
connect() {
  pipes=$(mktemp -d "$run/.probe.XXXXXX") || exit 1
  mkfifo "$pipes/requests" "$pipes/answers"
  nc -U -w "$seconds" "$run/$1" <"$pipes/requests" >"$pipes/answers" 2>/dev/null &
  nc=$!
  exec 3>"$pipes/requests" 4<"$pipes/answers"
  rm -r "$pipes"
}

disconnect() {
  exec 3>&- 4<&-
  kill "$nc" 2>/dev/null
  wait "$nc" 2>/dev/null
}

# REQUEST: sets answer, which is empty when nobody answers. What others left in the channel ends with the answer to our number.
ask_agent() {
  answer=
  connect qga.sock
  printf '\377{"execute":"guest-sync-delimited","arguments":{"id":%d}}\n' "$$" >&3 2>/dev/null
  while read -r line <&4; do
    case $line in
    *"{\"return\": $$}") break ;;
    esac
  done
  printf '%s\n' "$1" >&3 2>/dev/null
  read -r answer <&4
  disconnect
}

# A guest that does not run, because it is paused or on its way to another QEMU, is not dead.
guest_stands_still() {
  connect stop.sock
  printf '{"execute":"qmp_capabilities"}\n{"execute":"query-status"}\n' >&3 2>/dev/null
  state=
  while [ -z "$state" ] && read -r line <&4; do
    case $line in
    *'"running": '*) state=${line#*'"status": "'} ;;
    esac
  done
  disconnect
  case ${state%%\"*} in
  paused | prelaunch | inmigrate | finish-migrate | postmigrate | restore-vm | save-vm | io-error | suspended | shutdown) return 0 ;;
  esac
  return 1
}

# NAME: the value of a text in answer. Encoded data have no quotes in them.
text() {
  case $answer in
  *"\"$1\": \""*) ;;
  *) return ;;
  esac
  value=${answer#*"\"$1\": \""}
  printf '%s' "${value%%\"*}"
}

unanswered() {
  [ "$kind" = liveness ] && guest_stands_still && exit 0
  echo "the guest agent does not answer within $seconds s"
  exit 1
}

refused() {
  echo "the guest agent refused: $(text desc)"
  exit 1
}

ask_agent "$request"
case $answer in
'') unanswered ;;
*'"return": {}'*) exit 0 ;;
*'"pid": '*) ;;
*) refused ;;
esac

pid=${answer#*'"pid": '}
pid=${pid%%[!0-9]*}
while :; do
  ask_agent "{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":$pid}}"
  case $answer in
  '') unanswered ;;
  *'"exited": true'*) break ;;
  *'"exited": false'*) ;;
  *) refused ;;
  esac
  if [ "$(date +%s)" -gt "$deadline" ]; then
    ask_agent "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"kill\",\"arg\":[\"$pid\"]}}"
    echo "the program did not end within $seconds s"
    exit 1
  fi
  sleep 0.2
done
text out-data | base64 -d
text err-data | base64 -d
case $answer in
*'"exitcode": 0'[!0-9]*) exit 0 ;;
esac
exit 1
