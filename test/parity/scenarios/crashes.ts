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
    const before = identity(target);
    await target.crash(part);
    const name = `after-${part}`;
    await eventually(`${target.name}: the API takes a machine`, stopMs, () =>
      taken(target, machine({ name, memory: smallestMemory })),
    );
    await answers(target, name);
    launcherOf(target, name); // exactly one
    assert.deepEqual(identity(target), before);
    const info = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/resident/guestosinfo";
    await eventually(
      `${target.name}: the guest agent answers`,
      stopMs,
      () => target.tryKubectl(["get", "--raw", info]).status === 0 || undefined,
    );
    return target.kubectl("delete", `vm/${name}`, "--timeout=90s").trim();
  },
}));

function identity(target: Target): unknown {
  const fetch = ["exec", "deploy/neighbour", "--", "timeout", "5", "wget", "-q", "-O", "-", "http://resident/boot-id"];
  const { status } = read(target, "vmi/resident");
  return [
    launcherOf(target, "resident").metadata.uid,
    read(target, "vmi/resident").metadata.uid,
    status?.["phase"],
    target.kubectl(...fetch),
  ];
}

const taken = (target: Target, manifest: object): true | undefined =>
  target.tryKubectl(["apply", "-f", "-"], JSON.stringify(manifest)).status === 0 || undefined;
