import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { explainMachine } from "../explain/explain-machine.ts";
import { observeMachine } from "../explain/observe-machine.ts";
import { explainSet, setKindOf } from "../explain/sets.ts";
import { sentence } from "../explain/situation.ts";
import { examples } from "../program.ts";
import { parseTarget } from "../target.ts";

export function define(command: Command): void {
  command
    .argument("<vm/NAME>", "the machine; or a replica set or pool: vmirs/NAME, vmpool/NAME")
    .action((text: string) => explain(command, text));
  examples(
    command,
    ["Why does legacy not run?", "vmpod explain vm/legacy"],
    ["Why does the pool web lack machines?", "vmpod explain vmpool/web"],
    ["In another namespace", "vmpod explain vm/legacy -n lab"],
  );
}

async function explain(command: Command, text: string): Promise<void> {
  await withConnection(command, async ({ client, namespace }) => {
    const set = setKindOf(text);
    if (set) {
      const name = text.slice(text.indexOf("/") + 1);
      console.log(sentence(name, await explainSet(client, set, { namespace, name })));
      return;
    }
    const machine = parseTarget(text, namespace, "vm");
    console.log(sentence(machine.name, explainMachine(await observeMachine(client, machine))));
  });
}
