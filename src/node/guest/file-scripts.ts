/**
 * What copying needs of the guest besides reading and writing bytes, in the shell that every Unix guest has. What is asked for comes as
 * parameters, never as part of the text. Exit codes say what is wrong; standard error says it in words.
 */
import { StatusError, type StatusReason } from "../../base/errors.ts";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { guestExec } from "../../qemu/guest-agent/exec.ts";

const reasons: Readonly<Record<number, StatusReason>> = { 3: "NotFound", 4: "BadRequest", 5: "Conflict" };

const prelude = `
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fail() { code=$1; shift; echo "$*" >&2; exit "$code"; }
`;

export const scripts = {
  /** TARGET NAME: the target's path, and beside it a file that nobody else can open. */
  prepare: `${prelude}
target=$1
[ -d "$target" ] && target=\${target%/}/$2
[ -d "$target" ] && fail 4 "$target: is a directory"
case $target in */) fail 3 "$target: no such directory" ;; esac
[ -L "$target" ] && target=$(readlink -f "$target")
[ -e "$target" ] && [ ! -f "$target" ] && fail 4 "$target: is not a regular file"
case $target in
*/*) directory=\${target%/*}/ ;;
*) fail 4 "$target: the path in the guest must be absolute" ;;
esac
[ -d "$directory" ] || fail 3 "$directory: no such directory"
temporary=$(mktemp "\${directory}.vmpod-cp.XXXXXX") || exit 1
printf '%s\\n%s\\n' "$temporary" "$target"
`,
  /** TEMPORARY TARGET SHA256 MODE: takes the target's place in one step, keeping its owner. */
  publish: `${prelude}
sum=$(sha256sum <"$1") || exit 1
[ "\${sum%% *}" = "$3" ] || fail 5 "$2: what arrived has another checksum than what was sent"
if [ -e "$2" ]; then chown "$(stat -c %u:%g "$2")" "$1" || exit 1; fi
chmod "$4" "$1" && mv -f "$1" "$2"
`,
  /** TEMPORARY */
  discard: `${prelude}rm -f "$1"`,
  /** FILE: its mode and size. */
  describe: `${prelude}
[ -e "$1" ] || fail 3 "$1: no such file"
[ -d "$1" ] && fail 4 "$1: is a directory"
[ -f "$1" ] || fail 4 "$1: is not a regular file"
stat -L -c '%a %s' "$1"
`,
  /** FILE BYTES: the checksum of its beginning. */
  checksum: `${prelude}head -c "$2" "$1" | sha256sum`,
} as const;

const timeoutMs = 120_000;

/** @returns what it printed. @throws StatusError */
export async function runScript(agent: GuestAgent, script: keyof typeof scripts, ...args: string[]): Promise<string> {
  const argv = ["/bin/sh", "-c", scripts[script], "sh", ...args];
  const { exitCode = -1, stdout, stderr } = await guestExec(agent, argv, { timeoutMs });
  if (exitCode === 0) return stdout.toString();
  throw new StatusError(reasons[exitCode] ?? "InternalError", `in the guest: ${stderr.toString().trim() || script}`);
}
