/**
 * What virtctl has and vmpod has not, with the reason and what to do instead: whoever types it is told. A test holds this list and the
 * commands that there are against all of virtctl's (test/parity/virtctl.test.ts).
 */
const noDataVolumes = "DataVolumes are not available yet: use a container disk, or a claim that you have filled";
const noTemplates =
  "templates of machines are not available yet: instance types and preferences say sizes and systems, `vmpod create vm` takes both";
const noExports =
  "exports are not available yet: stop the machine, mount its claim in a pod, and fetch the image with `kubectl cp`";

/** By the command's words. */
export const commandsOfVirtctlOnly: Readonly<Record<string, string>> = {
  "create clone": "clones are not available yet: make another machine with `vmpod create vm`, and a claim of its own",
  guestfs: "a shell on a stopped machine's disk is not available yet: mount its claim in a pod that has guestfish",
  "image-upload": noDataVolumes,
  "memory-dump download": "VirtualMachineExports are not available yet",
  "permitted-devices": "no devices of nodes can be passed through to guests yet, so none are permitted",
  template: noTemplates,
  "template convert": noTemplates,
  "template create": noTemplates,
  "template process": noTemplates,
  vmexport: noExports,
};

/** Of commands that there are, by their words: options by name. */
export const optionsOfVirtctlOnly: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "create vm": {
    "--volume-blank": "use --volume-import=type:blank,size:SIZE, which has taken its place",
    "--volume-clone-pvc": "use --volume-import=type:pvc,src:NAMESPACE/NAME, which has taken its place",
    "--volume-datasource": "use --volume-import=type:ds,src:NAMESPACE/NAME, which has taken its place",
  },
};

const inKubeconfig = "say it in a kubeconfig (`kubectl config --help`), and name that by --kubeconfig or --context";

/** Options that kubectl gives to each command of virtctl. */
export const globalOptionsOfVirtctlOnly: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      "--as",
      "--as-group",
      "--as-uid",
      "--certificate-authority",
      "--client-certificate",
      "--client-key",
      "--cluster",
      "--insecure-skip-tls-verify",
      "--password",
      "--server",
      "-s",
      "--tls-server-name",
      "--token",
      "--user",
      "--username",
    ].map((name) => [name, inKubeconfig]),
  ),
  "--cache-dir": "nothing is cached: leave it out",
  "--disable-compression": "answers are not compressed: leave it out",
  "--match-server-version": "client and server need not be of one version: leave it out",
  "--request-timeout": "there is none: use `timeout SECONDS vmpod ...`",
  "--v": "commands log nothing: leave it out",
  "-v": "commands log nothing: leave it out",
};

/**
 * Why there is no such command or option, for who knows it from virtctl.
 *
 * @param words of the command that was understood, if one was
 * @param unknown what was not: a word, or an option with its dashes
 */
export function explainVirtctlOnly(words: readonly string[], unknown: string): string | undefined {
  if (!unknown.startsWith("-")) return commandsOfVirtctlOnly[[...words, unknown].join(" ")];
  const [name = ""] = unknown.split("=");
  return optionsOfVirtctlOnly[words.join(" ")]?.[name] ?? globalOptionsOfVirtctlOnly[name];
}
