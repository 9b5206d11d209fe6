/**
 * An address plugin (IPAM) of CNI: host-local, except that a machine gets again the address that it had last, unless somebody else has it
 * by now. host-local goes round, so that is after as many pods as the network has addresses.
 *
 *   containerd ─▶ bridge ─▶ this ─▶ host-local, first with IP=LAST
 *
 * It knows a launcher pod by its annotation, and notes its address in a file of the machine's. Being a shell script it costs nothing that a
 * pod's start would notice; what it makes of foreign text is a file's name, of harmless characters only.
 */

/** As `ipam.type`. */
export const addressPlugin = "vmpod-address";
/** What containerd passes on to plugins that ask for it: the pod's annotations. */
export const annotationsCapability = "io.kubernetes.cri.pod-annotations";

/** `notesDir`: outlives the machine's pods, and reboots. */
export function addressPluginScript(notesDir: string): string {
  return `#!/bin/sh
plugin=\${0%/*}/host-local
config=$(cat)
give() { printf %s "$config" | CNI_ARGS=$1 "$plugin"; }

machine=\${config#*'"kubevirt.io/domain":"'}
if [ "$CNI_COMMAND" != ADD ] || [ "$machine" = "$config" ]; then give "$CNI_ARGS"; exit; fi
machine=\${machine%%'"'*}
namespace=\${CNI_ARGS#*K8S_POD_NAMESPACE=}
namespace=\${namespace%%;*}
case $namespace:$machine in :* | *: | *[!a-z0-9.:-]*) give "$CNI_ARGS"; exit ;; esac

note='${notesDir}'/\${namespace}_$machine
last=
[ ! -r "$note" ] || read -r last <"$note"
case $last in *[!0-9.]*) last= ;; esac
if [ -z "$last" ] || ! answer=$(give "$CNI_ARGS;IP=$last"); then
  answer=$(give "$CNI_ARGS") || { printf '%s\n' "$answer"; exit 1; }
fi
printf '%s\n' "$answer"

address=\${answer#*'"address":'}
address=\${address#*'"'}
address=\${address%%/*}
[ "$address" = "$last" ] || { mkdir -p '${notesDir}' && echo "$address" >"$note.$$" && mv "$note.$$" "$note"; }
`;
}
