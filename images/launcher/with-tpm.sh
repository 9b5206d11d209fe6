#!/bin/sh
# with-tpm DIRECTORY SOCKET COMMAND...: starts a TPM that keeps what it knows in DIRECTORY, then runs COMMAND, which is to connect to SOCKET.
# `--daemon` returns when it listens; it ends with its first connection.
mkdir -p "$1" || exit 1
swtpm socket --tpm2 --tpmstate "dir=$1,mode=0600" --ctrl "type=unixio,path=$2" --terminate --daemon || exit 1
shift 2
exec "$@"
