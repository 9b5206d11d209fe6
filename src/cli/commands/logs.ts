import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { type Pod, pods } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { callStream } from "../../client/call.ts";
import { objectPath, withQuery } from "../../client/paths.ts";
import { createTransport } from "../../client/transport.ts";
import { type Connection, withConnection } from "../connection.ts";
import { wholeNumber } from "../force.ts";
import { examples } from "../program.ts";
import type { Machine } from "../subresource.ts";
import { parseTarget } from "../target.ts";

interface LogsOptions {
  follow?: boolean;
  tail?: number;
  timestamps?: boolean;
}

export function define(command: Command): void {
  command
    .argument("<vm>", "NAME, vm/NAME or vmi/NAME")
    .option("-f, --follow", "go on as the guest writes more")
    .option("--tail <lines>", "only the last lines", wholeNumber)
    .option("--timestamps", "put the time before each line")
    .action((name: string, options: LogsOptions) => logs(command, name, options));
  examples(
    command,
    ["What the guest printed while it booted", "vmpod logs legacy"],
    ["The last lines, and what follows", "vmpod logs legacy --tail=20 -f"],
  );
}

async function logs(command: Command, text: string, options: LogsOptions): Promise<void> {
  await withConnection(command, async (connection) => {
    const pod = await launcherPod(connection, parseTarget(text, connection.namespace, "vm"));
    const key = { namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? "" };
    const { follow, tail: tailLines, timestamps } = options;
    const path = withQuery(objectPath(pods, key, "log"), { container: "compute", follow, tailLines, timestamps });
    const transport = createTransport(connection.config);
    try {
      const { body } = await callStream(transport, { method: "GET", path, headers: { accept: "*/*" } });
      await pipeline(body, process.stdout, { end: false });
    } finally {
      transport.close();
    }
  });
}

/** The newest pod that runs, or ran, the machine. */
async function launcherPod({ client }: Connection, { namespace, name }: Machine): Promise<Pod> {
  const vmi = await client.get(virtualMachineInstances, { namespace, name });
  const labelSelector = `${labels.createdBy}=${vmi.metadata?.uid}`;
  const { items } = await client.list(pods, { namespace, labelSelector });
  const created = (pod: Pod): string => pod.metadata?.creationTimestamp ?? "";
  const [newest] = items.sort((one, other) => created(other).localeCompare(created(one)));
  if (!newest) throw new Error(`${name} has no pod yet: \`vmpod explain vm/${name}\` says why`);
  return newest;
}
