import assert from "node:assert/strict";
import { test } from "node:test";
import { stateClaimName } from "../../../api/kubevirt/persistent-state.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { launcherVolumes } from "./launcher/volumes.ts";
import { renderStateClaim } from "./state-claim.ts";

type Change = (spec: VirtualMachineInstanceSpec) => void;

const having = (change: Change) => sampleVmi((vmi) => change(vmi.spec));
const keptTpm: Change = ({ domain }) => {
  domain.devices.tpm = { persistent: true };
};

const cases: [what: string, change: Change, claim: string | undefined][] = [
  ["nothing", () => undefined, undefined],
  ["a TPM", (spec) => (spec.domain.devices.tpm = {}), undefined],
  ["a TPM that is kept", keptTpm, "persistent-state-for-a"],
  ["none, that would be kept", (spec) => (spec.domain.devices.tpm = { enabled: false, persistent: true }), undefined],
  ["EFI", (spec) => (spec.domain.firmware = { bootloader: { efi: {} } }), undefined],
  [
    "EFI variables that are kept",
    (spec) => (spec.domain.firmware = { bootloader: { efi: { persistent: true } } }),
    "persistent-state-for-a",
  ],
];
for (const [what, change, claim] of cases) {
  test(`a machine with ${what} has ${claim ?? "no claim"} mounted`, () => {
    const vmi = having(change);
    assert.equal(stateClaimName(vmi), claim);
    const { volumes, volumeMounts } = launcherVolumes(vmi, { blockClaims: new Set(), imageVolumes: true });
    const name = volumes.find((volume) => volume.persistentVolumeClaim?.claimName === claim)?.name;
    const mounted = volumeMounts.find(({ mountPath }) => mountPath === "/var/run/vmpod/state");
    assert.equal(mounted?.name, claim === undefined ? undefined : name);
  });
}

test("the claim goes with the machine, not with its instance, unless that stands alone", () => {
  const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: "a", uid: "vm-uid" };
  const vmi = having(keptTpm);
  const owned = { ...vmi, metadata: { ...vmi.metadata, ownerReferences: [{ ...owner, controller: true }] } };
  const ownerOf = (instance: typeof vmi) =>
    renderStateClaim(instance, "claim", { stateStorageClass: undefined }).metadata?.ownerReferences?.[0];
  assert.deepEqual(ownerOf(owned), owner);
  assert.equal(ownerOf(vmi)?.kind, "VirtualMachineInstance");
});

test("its class is the administrator's choice", () => {
  const classOf = (stateStorageClass: string | undefined) =>
    renderStateClaim(having(keptTpm), "claim", { stateStorageClass }).spec?.storageClassName;
  assert.equal(classOf(undefined), undefined);
  assert.equal(classOf("fast"), "fast");
});
