import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import type { Pod } from "../../../api/core.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import type { Client, WatchEvent } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { startPolicyEnforcer } from "./policy-enforcer.ts";

/** In nft's place a program that keeps the rules in a file. */
const directory = await mkdtemp(join(tmpdir(), "vmpod-policy-"));
const rulesFile = join(directory, "rules");
await writeFile(join(directory, "nft"), `#!/bin/sh\ncat > ${rulesFile}.new && mv ${rulesFile}.new ${rulesFile}\n`, {
  mode: 0o755,
});
process.env["PATH"] = `${directory}:${process.env["PATH"]}`;
const ended = new AbortController();
after(() => {
  ended.abort();
  return rm(directory, { recursive: true });
});

async function untilRules(condition: (rules: string) => boolean): Promise<void> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs; await delay(10))
    if (condition(await readFile(rulesFile, "utf8").catch(() => ""))) return;
  assert.fail("the rules never came to be so");
}

const aPod = (name: string): Pod => ({
  metadata: { name, namespace: "a", uid: `uid-${name}`, resourceVersion: "1" },
  spec: { containers: [] },
});

test("rules leave out a pod that is gone when it is admitted, whose address may be another's, and come back when they are removed", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const deleted = Promise.withResolvers<Pod>();
  const there: Record<string, KubeObject[]> = {
    namespaces: [{ metadata: { name: "a", resourceVersion: "1" } }],
    networkpolicies: [{ metadata: { name: "none", namespace: "a" }, spec: { podSelector: {} } } as KubeObject],
    pods: [aPod("goes"), aPod("stays")],
  };
  const client = {
    list: ({ plural }: Resource) => Promise.resolve({ items: there[plural], metadata: { resourceVersion: "1" } }),
    async *watch({ plural }: Resource): AsyncGenerator<WatchEvent<KubeObject>> {
      if (plural === "pods") yield { type: "DELETED", object: await deleted.promise };
      await new Promise((resolve) => ended.signal.addEventListener("abort", resolve));
    },
  } as unknown as Client;
  const enforcer = startPolicyEnforcer({
    client,
    table: "t",
    bridge: "t0",
    podCidrs: ["10.1.0.0/16"],
    events: { record: () => undefined } as unknown as EventRecorder,
    log: pino({ level: "silent" }),
    signal: ended.signal,
  });
  await enforcer.admit(aPod("stays"), ["10.1.0.8"]);
  await untilRules((rules) => rules.includes("10.1.0.8"));
  deleted.resolve(aPod("goes"));
  await delay(100);
  await enforcer.admit(aPod("goes"), ["10.1.0.9"]);
  await enforcer.admit(aPod("stays"), ["10.1.0.7"]);
  await untilRules((rules) => rules.includes("10.1.0.7"));
  assert.doesNotMatch(await readFile(rulesFile, "utf8"), /10\.1\.0\.9/);
  await unlink(rulesFile);
  t.mock.timers.tick(60_000);
  await untilRules((rules) => rules.includes("10.1.0.7")); // what somebody else has removed comes back
});
