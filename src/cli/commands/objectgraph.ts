import { type Command, Option } from "commander";
import type { GraphNode, GraphOptions } from "../../../api/kubevirt/object-graph.ts";
import { toYaml } from "../../base/yaml.ts";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { subresourcePath } from "../subresource.ts";

interface Options {
  vmi?: boolean;
  excludeOptional?: boolean;
  selector: Record<string, string>;
  output: "json" | "yaml";
}

export function define(command: Command): void {
  command
    .argument("<vm>", "name of the VirtualMachine")
    .option("--vmi", "of the VirtualMachineInstance of that name instead")
    .option("--exclude-optional", "leave out what is made anew without being asked for")
    .addOption(
      new Option("--selector <label=value>", "only what has this label; may be repeated")
        .argParser(collectLabel)
        .default({}, "everything"),
    )
    .addOption(new Option("-o, --output <format>", "json or yaml").choices(["json", "yaml"]).default("json"))
    .action((name: string, options: Options) => show(command, name, options));
  examples(
    command,
    ["What has to come along when a machine is saved or moved", "vmpod objectgraph legacy --exclude-optional"],
    ["Its volumes alone", "vmpod objectgraph legacy --selector kubevirt.io/dependency-type=storage"],
  );
}

async function show(command: Command, name: string, options: Options): Promise<void> {
  const kind = options.vmi ? "vmi" : "vm";
  const called = options.vmi ? "VirtualMachineInstance" : "VirtualMachine";
  const graph = await withConnection(command, ({ client, namespace }) => {
    const path = subresourcePath({ kind, namespace, name }, "objectgraph");
    const answer = client.request<GraphNode>("GET", path, graphOptions(options));
    return failing(`error getting the object graph of ${called} ${name}:`, answer);
  });
  process.stdout.write(options.output === "json" ? `${JSON.stringify(graph, undefined, 2)}\n` : toYaml(graph));
}

function graphOptions({ excludeOptional, selector }: Options): GraphOptions {
  return {
    includeOptionalNodes: !excludeOptional,
    ...(Object.keys(selector).length > 0 && { labelSelector: { matchLabels: selector } }),
  };
}

/** @throws Error for anything that is no `label=value` */
export function collectLabel(text: string, before: Record<string, string>): Record<string, string> {
  const [, label, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (label === undefined || value === undefined) throw new Error(`--selector ${text}: must be LABEL=VALUE`);
  return { ...before, [label]: value };
}
