/** A start may be killed at any moment: `down` removes what there is, and the next `up` starts anew. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import { dropCluster, findCluster, keepCluster } from "../cluster.ts";
import { findLeftovers } from "../leftovers.ts";
import { planCluster } from "../plan.ts";

const number = 9;
const program = new URL("../main.ts", import.meta.url).pathname;

describe("a killed start", () => {
  after(() => drop());

  for (const step of ["control plane's namespaces and network", "containerd and images on"])
    it(`leaves nothing that down does not remove: killed after ${step}`, async () => {
      await killUpAfter(step);
      const { processes, links } = await findLeftovers(planCluster(number));
      assert.ok(processes.length > 0 && links.length > 0, "it was killed too early to leave anything");
      assert.equal(await findCluster(number), undefined);
      await drop();
    });

  it("is started anew by the next up, which an up after that finds running", async () => {
    await killUpAfter("containerd and images on");
    const first = await keepCluster(number);
    assert.equal(first.wasUp, false);
    const second = await keepCluster(number);
    assert.deepEqual([second.wasUp, second.nodes.map(({ pid }) => pid)], [true, first.nodes.map(({ pid }) => pid)]);
    assert.match(await second.kubectl("get", "nodes", "-o", "name"), /node\/n1\nnode\/n2/);
  });
});

/** `dropCluster` asserts that nothing is left. */
async function drop(): Promise<void> {
  await dropCluster(number, () => undefined);
}

async function killUpAfter(step: string): Promise<void> {
  const child = spawn(process.execPath, [program, "up", "--number", `${number}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) if (line.includes(step)) child.kill("SIGKILL");
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", "it came to its end");
}
