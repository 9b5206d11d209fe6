/** Who knows virtctl finds its commands and options, or is told why one is not there and what to do instead. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import type { Command, Option } from "commander";
import { buildProgram, plainSwitches } from "../../src/cli/program.ts";
import { commandsOfVirtctlOnly, globalOptionsOfVirtctlOnly, optionsOfVirtctlOnly } from "../../src/cli/virtctl-only.ts";
import { bin } from "../embedded/instance.ts";
import { virtctlCommands, virtctlGlobalOptions } from "./virtctl-commands.ts";

interface Wanted {
  letter: string | undefined;
  name: string;
  takesValue: boolean;
}

const program = await buildProgram(() => true);

test("each command of virtctl is one of vmpod's, or is not there for a reason", () => {
  const lost = Object.keys(virtctlCommands).filter((words) => !commandOf(words) && !commandsOfVirtctlOnly[words]);
  assert.deepEqual(lost, []);
});

for (const [words, texts] of Object.entries(virtctlCommands).filter(([each]) => commandOf(each) !== undefined)) {
  test(`${words} has virtctl's options, as virtctl has them`, () => {
    const options = commandOf(words)?.options ?? [];
    const reasons = optionsOfVirtctlOnly[words] ?? {};
    const isListed = words in commandsOfVirtctlOnly;
    const wrong = wantedOf(texts).flatMap((wanted) => {
      const option = optionNamed(options, wanted.name);
      if (option === undefined) return wanted.name in reasons || isListed ? [] : [`${wanted.name} is not there`];
      return [...differences(option, wanted), ...(wanted.name in reasons ? [`${wanted.name} is there`] : [])];
    });
    assert.deepEqual(wrong, []);
  });
}

test("the options that kubectl gives to each command are there, or are not for a reason", () => {
  const wrong = wantedOf(virtctlGlobalOptions).flatMap((wanted) => {
    const option = optionNamed(program.options, wanted.name);
    const spellings = [wanted.name, ...(wanted.letter === undefined ? [] : [wanted.letter])];
    if (option !== undefined) return differences(option, wanted);
    return spellings.filter((each) => !(each in globalOptionsOfVirtctlOnly)).map((each) => `${each} is not there`);
  });
  assert.deepEqual(wrong, []);
});

test("what is listed as virtctl's alone is virtctl's, and is not vmpod's", () => {
  const commands = Object.keys(commandsOfVirtctlOnly);
  assert.deepEqual(
    commands.filter((words) => !(words in virtctlCommands)),
    [],
  );
  // There to tell by which command its user gets at the dump.
  assert.deepEqual(
    commands.filter((words) => commandOf(words) !== undefined),
    ["memory-dump download"],
  );
  const options = Object.entries(optionsOfVirtctlOnly).flatMap(([words, reasons]) =>
    Object.keys(reasons).map((name) => [words, name] as const),
  );
  for (const [words, name] of options)
    assert.ok(
      wantedOf(virtctlCommands[words] ?? "").some((wanted) => wanted.name === name),
      `${words} ${name}`,
    );
  const known = wantedOf(virtctlGlobalOptions).flatMap(({ name, letter = "" }) => [name, letter]);
  for (const name of Object.keys(globalOptionsOfVirtctlOnly)) assert.ok(known.includes(name), name);
});

for (const [argv, reason] of [
  [["vmexport", "download", "one", "--volume=disk"], commandsOfVirtctlOnly["vmexport"]],
  [["-n", "web", "template", "process", "one"], commandsOfVirtctlOnly["template"]],
  [["create", "clone", "--source-name=one"], commandsOfVirtctlOnly["create clone"]],
  [["create", "vm", "--volume-blank=size:1Gi"], optionsOfVirtctlOnly["create vm"]?.["--volume-blank"]],
  [["start", "one", "--token=secret"], globalOptionsOfVirtctlOnly["--token"]],
] as const) {
  test(`vmpod ${argv.join(" ")} tells what to do instead`, () => {
    const { status, stdout, stderr } = spawnSync(bin, argv, { encoding: "utf8" });
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^error: unknown (command|option) /);
    assert.ok(stderr.endsWith(`\nvirtctl has it, vmpod has not: ${reason}\n`), stderr);
  });
}

test("switches may have values, as Go's flags", () => {
  assert.deepEqual(plainSwitches(program, ["start", "one", "--paused=true"]), ["start", "one", "--paused"]);
  assert.deepEqual(plainSwitches(program, ["-n", "web", "stop", "one", "--force=false"]), ["-n", "web", "stop", "one"]);
  for (const other of [
    ["create", "vm", "--infer-preference=false"],
    ["start", "one", "--other=true"],
    ["exec", "one", "--", "start", "--paused=true"],
  ])
    assert.deepEqual(plainSwitches(program, other), other);
});

test("what neither has is an ordinary mistake", () => {
  const { status, stderr } = spawnSync(bin, ["strat", "one"], { encoding: "utf8" });
  assert.deepEqual([status, stderr.includes("virtctl")], [1, false]);
  assert.match(stderr, /unknown command 'strat'/);
});

function commandOf(words: string): Command | undefined {
  return words
    .split(" ")
    .reduce<Command | undefined>((command, word) => command?.commands.find((each) => each.name() === word), program);
}

function wantedOf(texts: string): Wanted[] {
  return texts
    .split(" ")
    .filter((text) => text !== "")
    .map((text) => {
      const [, letter, name = "", equals] = /^(?:(-\w)\/)?(--[\w-]+)(=?)$/.exec(text) ?? assert.fail(text);
      return { letter, name, takesValue: equals === "=" };
    });
}

function optionNamed(options: readonly Option[], name: string): Option | undefined {
  return options.find(({ long }) => long === name);
}

function differences({ short, required, optional }: Option, { letter, name, takesValue }: Wanted): string[] {
  return [
    ...(letter !== undefined && short !== letter ? [`${name} has no ${letter}`] : []),
    ...(takesValue && !required && !optional ? [`${name} takes no value`] : []),
    ...(!takesValue && required ? [`${name} wants a value`] : []),
  ];
}
