/** What cannot work says so in the object: in its status, or by a refusal. */
import assert from "node:assert/strict";
import { machine, smallestMemory } from "../../embedded/machines.ts";
import { type BadManifest, badManifests } from "../../vm-api/bad-manifests.ts";
import { becomes, comesToMatch, conditionPath, conditionsOf, refusal } from "../facts.ts";
import type { Scenario, Target } from "../target.ts";

const refused = ({ what, manifest, says }: BadManifest): Scenario => ({
  name: `refused: ${what}`,
  async play(target) {
    const { status, stderr } = await target.tryKubectl(["create", "-f", "-"], JSON.stringify(manifest));
    assert.notEqual(status, 0);
    for (const words of says) assert.match(stderr, words);
    return status;
  },
});

/** Where the schema speaks, its words are the server's own: old and new servers differ. */
const bySchema = ["unknown field", "wrong type"];

export const trouble: Scenario[] = [
  ...badManifests.filter(({ what }) => !bySchema.includes(what)).map(refused),
  {
    name: "another network for a running machine: refused where nobody attaches it",
    async play(target) {
      const patch = JSON.stringify([
        { op: "add", path: "/spec/template/spec/networks/-", value: { name: "lan", multus: { networkName: "lan" } } },
        { op: "add", path: "/spec/template/spec/domain/devices/interfaces/-", value: { name: "lan", bridge: {} } },
      ]);
      const answer = await target.tryKubectl(["patch", "vm/resident", "--type=json", "--dry-run=server", "-p", patch]);
      assert.equal(answer.status === 0, target.attachesNetworks, answer.stderr);
      if (!target.attachesNetworks)
        assert.match(
          answer.stderr,
          /spec\.template\.spec\.networks\[1\]\.multus.*nobody attaches networks here: install Multus/,
        );
    },
  },
  {
    name: "an image that is not there",
    play: async (target) =>
      troubled(target, machine({ name: "noimage", image: "localhost/vmpod/none:1" }), "noimage", async () => {
        await becomes(target, "vmi/noimage", '.status.conditions[?(@.type=="Synchronized")].status', "False");
        await comesToMatch(target, "vm/noimage", ".status.printableStatus", /ErrImagePull|ImagePullBackOff/);
        return await target.fieldOf("vmi/noimage", ".status.phase");
      }),
  },
  {
    name: "more memory than any node has",
    play: async (target) =>
      troubled(target, machine({ name: "huge", memory: "4Ti" }), "huge", async () => {
        await becomes(target, "vm/huge", ".status.printableStatus", "ErrorUnschedulable");
        return (await conditionsOf(target, "vmi/huge")).filter((each) => each.startsWith("PodScheduled"));
      }),
  },
  {
    name: "a claim that does not exist",
    play: async (target) => {
      const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "nowhere" } }];
      return troubled(target, machine({ name: "noclaim", volumes }), "noclaim", async () => {
        await becomes(target, "vm/noclaim", ".status.printableStatus", "ErrorPvcNotFound");
        return [await conditionsOf(target, "vmi/noclaim"), refusal(await target.vmpod("explain", "vm/noclaim"))];
      });
    },
  },
  {
    name: "a guest that does not boot",
    play: async (target) => {
      const blank = machine({
        name: "blank",
        memory: smallestMemory,
        volumes: [{ name: "empty", emptyDisk: { capacity: "16Mi" } }],
        spec: { terminationGracePeriodSeconds: 1 }, // nobody heeds its power button
      });
      const { devices } = (blank as { spec: { template: { spec: { domain: { devices: { disks: object[] } } } } } }).spec
        .template.spec.domain;
      devices.disks = devices.disks.map((disk) => ({
        ...disk,
        ...((disk as { name: string }).name === "empty" && { bootOrder: 1 }),
      }));
      return troubled(target, blank, "blank", async () => {
        await becomes(target, "vmi/blank", conditionPath("GuestBootFailed"), "True");
        return (await conditionsOf(target, "vmi/blank")).filter((each) => each.startsWith("GuestBootFailed"));
      });
    },
  },
];

/** Applies, looks, has it removed: that all of them are gone is seen at the end, because a kubelet takes its time. */
async function troubled(
  target: Target,
  manifest: object,
  name: string,
  look: () => Promise<unknown>,
): Promise<unknown> {
  await target.apply(manifest);
  const seen = await look();
  await target.kubectl("delete", `vm/${name}`, "--wait=false");
  return seen;
}
