import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { bashScript } from "../completion/bash.ts";
import { describeCommands } from "../completion/describe-commands.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import { entries } from "../entries.ts";
import { buildProgram } from "../program.ts";

const description = describeCommands(await buildProgram(() => true));

/** What bash offers for a line that is being typed. */
function complete(...words: string[]): string[] {
  const script = `${bashScript(description)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _vmpod; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter(Boolean);
}

test("bash completes commands and their options", () => {
  assert.deepEqual(complete("vmpod", "so"), ["soft-reboot"]);
  assert.deepEqual(complete("vmpod", "start", "--p"), ["--paused"]);
  assert.ok(complete("vmpod", "-n", "").includes("console"));
  assert.deepEqual(complete("vmpod", "console", "legacy", "--t"), ["--timeout"]);
});

test("zsh and fish scripts name every command", () => {
  for (const { name } of entries) {
    assert.match(zshScript(description), new RegExp(`'${name}:`));
    assert.match(fishScript(description), new RegExp(`-a ${name} `));
  }
});

test("every client command has a purpose and an example in its help", async () => {
  const program = await buildProgram(() => true);
  for (const { name, load } of entries.filter((entry) => entry.load)) {
    const command = program.commands.find((candidate) => candidate.name() === name);
    let help = "";
    command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    assert.ok(load && /Examples:\n {2}# \w/.test(help), `${name}: ${help}`);
  }
});
