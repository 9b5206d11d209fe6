import { type Command, Option } from "commander";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { renderOtlp } from "../../telemetry/trace/otlp.ts";
import { startSpans } from "../../telemetry/trace/spans.ts";
import { renderWaterfall } from "../../telemetry/trace/waterfall.ts";
import { withConnection } from "../connection.ts";
import { examples } from "../program.ts";
import { parseTarget } from "../target.ts";

export function define(command: Command): void {
  command
    .argument("<vm/NAME>", "the machine")
    .addOption(new Option("-o, --output <format>", "OTLP/JSON instead of text").choices(["json"]))
    .action((text: string, { output }: { output?: "json" }) => trace(command, text, output));
  examples(
    command,
    ["What took how long when legacy started?", "vmpod trace vm/legacy"],
    ["For a tool that reads OpenTelemetry's traces", "vmpod trace vm/legacy -o json"],
  );
}

/** @throws Error when the machine does not run, or its start was not noted */
async function trace(command: Command, text: string, output: "json" | undefined): Promise<void> {
  await withConnection(command, async ({ client, namespace }) => {
    const machine = parseTarget(text, namespace, "vm");
    const vmi = await client.get(virtualMachineInstances, { namespace: machine.namespace, name: machine.name });
    const start = startSpans(vmi);
    if (start === undefined)
      throw new Error(
        `nothing is known yet of how ${machine.name} starts: \`vmpod explain vm/${machine.name}\` says how it is`,
      );
    console.log(output === "json" ? JSON.stringify(renderOtlp(vmi, start), undefined, 2) : renderWaterfall(start));
  });
}
