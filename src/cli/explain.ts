import type { Command } from "commander";
import { withConnection } from "./connection.ts";
import { explainMachine } from "./explain/explain-machine.ts";
import { observeMachine } from "./explain/observe-machine.ts";
import { sentence } from "./explain/situation.ts";
import { examples } from "./program.ts";
import { parseTarget } from "./target.ts";

export function define(command: Command): void {
  command.argument("<vm/NAME>", "the machine").action((text: string) => explain(command, text));
  examples(
    command,
    ["Why does legacy not run?", "vmpod explain vm/legacy"],
    ["In another namespace", "vmpod explain vm/legacy -n lab"],
  );
}

async function explain(command: Command, text: string): Promise<void> {
  await withConnection(command, async ({ client, namespace }) => {
    const machine = parseTarget(text, namespace, "vm");
    console.log(sentence(machine.name, explainMachine(await observeMachine(client, machine))));
  });
}
