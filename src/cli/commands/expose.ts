import { type Command, Option } from "commander";
import { type Service, services } from "../../../api/core.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { portNumber } from "../force.ts";
import { examples } from "../program.ts";
import { type ExposeOptions, renderService } from "../render-service.ts";
import type { Machine } from "../subresource.ts";
import { parseTarget } from "../target.ts";

export function define(command: Command): void {
  command
    .argument("<type-and-name...>", "vm NAME or vmi NAME")
    .requiredOption("--name <name>", "name of the Service")
    .option(
      "--port <number>",
      "port of the Service (default: the ports that the machine's interface names)",
      portNumber,
    )
    .option("--target-port <port>", "port in the guest, by number or name (default: --port)")
    .option("--port-name <name>", "name of the port")
    .addOption(new Option("--protocol <protocol>").choices(["TCP", "UDP"]).default("TCP"))
    .addOption(new Option("--type <type>").choices(["ClusterIP", "NodePort", "LoadBalancer"]).default("ClusterIP"))
    .option("--cluster-ip <address>", "address of the Service, or None for a headless one")
    .option("--external-ip <address>", "further address at which the Service is reached")
    .addOption(new Option("--ip-family <family>").choices(["IPv4", "IPv6", "IPv4,IPv6", "IPv6,IPv4"]))
    .addOption(
      new Option("--ip-family-policy <policy>").choices(["SingleStack", "PreferDualStack", "RequireDualStack"]),
    )
    .action((words: string[], options: ExposeOptions) => expose(command, words, options));
  examples(
    command,
    ["Reach the machine's SSH server by a Service", "vmpod expose vm legacy --name=legacy-ssh --port=22"],
    ["From outside the cluster", "vmpod expose vm legacy --name=web --port=80 --type=NodePort"],
  );
}

async function expose(command: Command, words: string[], options: ExposeOptions): Promise<void> {
  if (words.length > 2) throw new Error("give one machine: vmpod expose vm NAME");
  await withConnection(command, async (connection) => {
    const machine = parseTarget(words.join("/"), connection.namespace, "vm");
    const service: Service = renderService(machine, await specOf(connection, machine), options);
    await failing("service creation failed:", connection.client.create(services, service));
    console.log(`Service ${options.name} successfully exposed for ${machine.kind} ${machine.name}`);
  });
}

async function specOf({ client }: Connection, machine: Machine): Promise<VirtualMachineInstanceSpec> {
  if (machine.kind === "vmi") return (await client.get(virtualMachineInstances, machine)).spec;
  return (await client.get(virtualMachines, machine)).spec.template.spec;
}
