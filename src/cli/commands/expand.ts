import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { parse } from "yaml";
import { toYaml } from "../../base/yaml.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { getSubresource } from "../subresource.ts";

interface ExpandOptions {
  vm?: string;
  file?: string;
  output: "yaml" | "json";
}

export function define(command: Command): void {
  command
    .option("--vm <name>", "a VirtualMachine of the cluster")
    .option("-f, --file <file>", "a manifest of one; - reads it from standard input")
    .addOption(new Option("-o, --output <format>", "yaml or json").choices(["yaml", "json"]).default("yaml"))
    .action((options: ExpandOptions) => expand(command, options));
  examples(
    command,
    ["What a machine is made of, written out", "vmpod expand --vm web"],
    ["... before there is one", "vmpod create vm --instancetype u1.small | vmpod expand --file -"],
  );
}

async function expand(command: Command, { vm, file, output }: ExpandOptions): Promise<void> {
  if ((vm === undefined) === (file === undefined)) throw new Error("use one of --vm NAME and --file FILE");
  const expanded = await withConnection(command, (connection) => {
    const answer = vm === undefined ? expandFile(connection, file ?? "") : expandVm(connection, vm);
    return failing("error expanding VirtualMachine", answer);
  });
  const shown = withoutManagedFields(expanded);
  process.stdout.write(output === "json" ? `${JSON.stringify(shown, undefined, 2)}\n` : toYaml(shown));
}

/** As kubectl shows an object. */
function withoutManagedFields(vm: VirtualMachine): VirtualMachine {
  const { managedFields: _, ...metadata } = vm.metadata ?? {};
  return { ...vm, metadata };
}

function expandVm({ client, namespace }: Connection, name: string): Promise<VirtualMachine> {
  return getSubresource(client, { kind: "vm", namespace, name }, "expand-spec");
}

async function expandFile({ client, namespace }: Connection, file: string): Promise<VirtualMachine> {
  const manifest = parse(file === "-" ? await text(process.stdin) : await readFile(file, "utf8")) as
    | VirtualMachine
    | undefined;
  const own = encodeURIComponent(manifest?.metadata?.namespace ?? namespace);
  const path = `/apis/subresources.kubevirt.io/v1/namespaces/${own}/expand-vm-spec`;
  return client.request<VirtualMachine>("PUT", path, manifest);
}
