import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSpec } from "../../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { referenceVolumes } from "./references.ts";

function brought(change: (spec: VirtualMachineInstanceSpec) => void): [source: unknown, path: string | undefined][] {
  const { volumes, volumeMounts } = referenceVolumes(sampleSpec(change));
  assert.ok(volumeMounts.every(({ readOnly }) => readOnly));
  return volumes.map(({ name, ...source }) => [source, volumeMounts.find((mount) => mount.name === name)?.mountPath]);
}

test("what media are made of is brought by the kubelet", () => {
  const found = brought((spec) => {
    spec.volumes?.push(
      { name: "settings", configMap: { name: "app", optional: true } },
      { name: "keys", secret: { secretName: "tls" } },
      { name: "seed", cloudInitNoCloud: { secretRef: { name: "user" }, networkDataSecretRef: { name: "net" } } },
    );
    spec.accessCredentials = [
      { sshPublicKey: { source: { secret: { secretName: "ssh" } }, propagationMethod: { noCloud: {} } } },
      {
        sshPublicKey: {
          source: { secret: { secretName: "by-agent" } },
          propagationMethod: { qemuGuestAgent: { users: ["x"] } },
        },
      },
    ];
  });
  assert.deepEqual(found, [
    [{ configMap: { name: "app", optional: true } }, "/var/run/vmpod/config-maps/app"],
    [{ secret: { secretName: "tls" } }, "/var/run/vmpod/secrets/tls"],
    [{ secret: { secretName: "user" } }, "/var/run/vmpod/secrets/user"],
    [{ secret: { secretName: "net" } }, "/var/run/vmpod/secrets/net"],
    [{ secret: { secretName: "ssh" } }, "/var/run/vmpod/secrets/ssh"],
    [{ secret: { secretName: "by-agent" } }, "/var/run/vmpod/secrets/by-agent"],
  ]);
});

test("one that two places name comes once, and must be there when one of them needs it", () => {
  for (const order of [
    [true, false],
    [false, true],
  ]) {
    const found = brought((spec) => {
      for (const [index, optional] of order.entries())
        spec.volumes?.push({ name: `s${index}`, secret: { secretName: "one", optional } });
    });
    assert.deepEqual(found, [[{ secret: { secretName: "one" } }, "/var/run/vmpod/secrets/one"]]);
  }
});

test("its name is nobody else's", () => {
  const { volumes } = referenceVolumes(
    sampleSpec((spec) => {
      spec.volumes?.push({ name: "config-0", persistentVolumeClaim: { claimName: "c" } });
      spec.volumes?.push({ name: "data", configMap: { name: "app" } });
    }),
  );
  assert.deepEqual(
    volumes.map(({ name }) => name),
    ["config-0-x"],
  );
});

test("inline texts need nothing", () => {
  assert.deepEqual(
    brought((spec) => spec.volumes?.push({ name: "seed", cloudInitNoCloud: { userData: "x" } })),
    [],
  );
});
