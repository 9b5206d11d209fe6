import type { Command } from "commander";
import { type KubeVirt, kubeVirts } from "../../../api/kubevirt/resources.ts";
import type { Client } from "../../client/client.ts";
import { withConnection } from "../connection.ts";
import { requestOf, type StoredVerbosity, shownVerbosity, type VerbosityFlags, verbosityAfter } from "./verbosity.ts";

/** Where one is made when there is none: `vmpod install` makes one, `vmpod up` leaves it to the administrator. */
const place = { namespace: "kube-system", name: "kubevirt" };

const flags: [flag: keyof VerbosityFlags, of: string][] = [
  ["virt-api", "the API server's extension for machines, embedded the API server"],
  ["virt-controller", "the controllers"],
  ["virt-handler", "the node agents"],
  ["virt-launcher", "launcher pods, which is kept and changes nothing: QEMU tells all that it has to tell"],
  ["virt-operator", "an operator, which is kept and changes nothing: vmpod has none"],
  ["all", "all of them"],
];

export function defineLogVerbosity(command: Command): void {
  command.summary("Show or change how much vmpod logs").description("Shows or changes how much vmpod logs, at once.");
  for (const [flag, of] of flags) command.option(`--${flag} [verbosity]`, `of ${of}: 0 to 9, 2 is usual`);
  command.option("--reset", "all as they were started");
  command.action((given: Record<string, string | boolean>) => run(command, flagsFrom(given)));
}

/** Commander calls `--virt-api` `virtApi`. */
function flagsFrom(given: Record<string, string | boolean>): VerbosityFlags {
  const camelCase = (flag: string) => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return {
    ...Object.fromEntries(flags.map(([flag]) => [flag, given[camelCase(flag)]])),
    reset: given["reset"] === true,
  };
}

async function run(command: Command, given: VerbosityFlags): Promise<void> {
  const request = requestOf(given);
  await withConnection(command, async ({ client }) => {
    const kubevirt = await onlyOne(client);
    const stored = (kubevirt?.spec.configuration?.developerConfiguration?.logVerbosity ?? {}) as StoredVerbosity;
    if (request.type === "show") return console.log(shownVerbosity(request.components, stored).join("\n"));
    await write(client, kubevirt, verbosityAfter(request, stored));
    console.log("successfully set/reset the log verbosity");
  });
}

async function onlyOne(client: Client): Promise<KubeVirt | undefined> {
  const { items } = await client.list(kubeVirts);
  if (items.length > 1)
    throw new Error("invalid kubevirt installation, more than one KubeVirt resource found: remove all but one");
  return items[0];
}

async function write(client: Client, kubevirt: KubeVirt | undefined, logVerbosity: StoredVerbosity): Promise<void> {
  const configuration = kubevirt?.spec.configuration ?? {};
  const developerConfiguration = { ...configuration.developerConfiguration, logVerbosity };
  const spec = { ...kubevirt?.spec, configuration: { ...configuration, developerConfiguration } };
  if (kubevirt) await client.update(kubeVirts, { ...kubevirt, spec });
  else await client.create(kubeVirts, { apiVersion: "kubevirt.io/v1", kind: "KubeVirt", metadata: place, spec });
}
