/** Whatever of vmpod dies: the guest goes on, and soon everything answers again. They need the resident and its neighbour. */
import assert from "node:assert/strict";
import { eventually } from "../../embedded/instance.ts";
import { machine, smallestMemory } from "../../embedded/machines.ts";
import { answers, launcherOf, read, stopMs } from "../facts.ts";
import type { Scenario, Target } from "../target.ts";

const parts = ["agent", "controller", "api"] as const;

export const crashes: Scenario[] = parts.map((part) => ({
  name: `kill -9 of the ${part}: the guest goes on, the next machine starts`,
  async play(target) {
    const before = await identity(target);
    await target.crash(part);
    const name = `after-${part}`;
    await eventually(`${target.name}: the API takes a machine`, stopMs, () =>
      taken(target, machine({ name, memory: smallestMemory })),
    );
    await answers(target, name);
    await launcherOf(target, name); // exactly one
    assert.deepEqual(await identity(target), before);
    const info = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/resident/guestosinfo";
    await eventually(
      `${target.name}: the guest agent answers`,
      stopMs,
      async () => (await target.tryKubectl(["get", "--raw", info])).status === 0 || undefined,
    );
    return (await target.kubectl("delete", `vm/${name}`, "--timeout=180s")).trim();
  },
}));

async function identity(target: Target): Promise<unknown> {
  const fetch = ["exec", "deploy/neighbour", "--", "timeout", "5", "wget", "-q", "-O", "-", "http://resident/boot-id"];
  const { status } = await read(target, "vmi/resident");
  return [
    (await launcherOf(target, "resident")).metadata.uid,
    (await read(target, "vmi/resident")).metadata.uid,
    status?.["phase"],
    await eventually(`${target.name}: the guest answers`, stopMs, async () => {
      const { status: code, stdout } = await target.tryKubectl(fetch);
      return code === 0 ? stdout : undefined;
    }),
  ];
}

const taken = async (target: Target, manifest: object): Promise<true | undefined> =>
  (await target.tryKubectl(["apply", "-f", "-"], JSON.stringify(manifest))).status === 0 || undefined;
