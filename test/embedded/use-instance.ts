/** An instance for all tests of a file: up before them, down after them, its state on stderr when one of them fails. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { succeed, type TestInstance, testInstance } from "./instance.ts";

export function useInstance(name: string, number: number, ...flags: string[]): TestInstance {
  const instance = testInstance(name, number, ...flags);
  // Not asynchronous: Node's runner does not wait for one hook before it runs the next, which counts on this one.
  before(() => {
    succeed(instance.up(), "vmpod up");
  });
  afterEach((context) => {
    if ("passed" in context && !context.passed) console.error(stateOf(instance));
  });
  const remove = (): void => {
    succeed(instance.down("--grace-period", "2", "--purge"), "vmpod down");
    rmSync(instance.dataDir, { recursive: true, force: true });
  };
  after(remove);
  onceAsked(remove);
  return instance;
}

/** Who is asked to end leaves nothing behind: Node's runner then calls no hooks. */
function onceAsked(remove: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.prependOnceListener(signal, () => {
      remove();
      process.exit(1);
    });
  }
}

/** What one would look at first. */
export function stateOf({ runDir, tryKubectl }: TestInstance): string {
  const shown = [
    ["get", "vm,vmi,pods", "-A", "-o", "wide"],
    ["get", "events", "-A", "--sort-by=.lastTimestamp"],
  ].map((args) => `$ kubectl ${args.join(" ")}\n${lastLines(tryKubectl(args).stdout, 40)}`);
  const directory = join(runDir, "log");
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const logs = files.map((file) => `--- ${file}\n${lastLines(readFileSync(join(directory, file), "utf8"), 15)}`);
  return [...shown, ...logs].join("\n");
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
