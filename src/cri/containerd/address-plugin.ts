/**
 * An address plugin (IPAM) of CNI: host-local, except that a machine gets again the addresses that it had last, one of each family, unless
 * somebody else has one by now. host-local goes round, so that is after as many pods as the network has addresses.
 *
 *   containerd ─▶ bridge ─▶ this ─▶ host-local, first asked for the LAST
 *
 * It knows a launcher pod by its annotation, and notes its addresses in a file of the machine's. Being a shell script it costs nothing that a
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
give() { printf %s "$1" | "$plugin"; }

machine=\${config#*'"kubevirt.io/domain":"'}
if [ "$CNI_COMMAND" != ADD ] || [ "$machine" = "$config" ]; then give "$config"; exit; fi
machine=\${machine%%'"'*}
namespace=\${CNI_ARGS#*K8S_POD_NAMESPACE=}
namespace=\${namespace%%;*}
case $namespace:$machine in :* | *: | *[!a-z0-9.:-]*) give "$config"; exit ;; esac

note='${notesDir}'/\${namespace}_$machine
last=
[ ! -r "$note" ] || read -r last <"$note"
case $last in *[!0-9a-f.:' ']*) last= ;; esac
asked=
for address in $last; do asked=$asked\${asked:+,}'"'$address'"'; done
if [ -z "$last" ] || ! answer=$(give '{"args":{"cni":{"ips":['"$asked"']}},'"\${config#?}"); then
  answer=$(give "$config") || { printf '%s\n' "$answer"; exit 1; }
fi
printf '%s\n' "$answer"

given=
while [ "$answer" != "\${answer#*'"address":'}" ]; do
  answer=\${answer#*'"address":'}
  answer=\${answer#*'"'}
  given="$given\${given:+ }\${answer%%/*}"
done
[ "$given" = "$last" ] || { mkdir -p '${notesDir}' && echo "$given" >"$note.$$" && mv "$note.$$" "$note"; }
`;
}
