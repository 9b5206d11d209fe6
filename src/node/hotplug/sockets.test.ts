import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import { attachedVolumeAnnotation } from "../../../api/kubevirt/hotplug-volume.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import { servedSocket } from "../../qemu/domain/paths.ts";
import { someVmi } from "../domain/observation.fixture.ts";
import { emptyDirOf } from "../process/empty-dir.ts";
import { pluggedSocketOf } from "./observe.ts";
import { createSocketReconciler } from "./sockets.ts";

const kubeletRoot = mkdtempSync(join(tmpdir(), "vmpod-sockets-"));
after(() => rmSync(kubeletRoot, { recursive: true }));
const signal = new AbortController().signal;

const runOf = (uid: string): string => emptyDirOf(kubeletRoot, uid, "run");
const listen = async (): Promise<Server> => {
  rmSync(join(runOf("server"), servedSocket), { force: true });
  const server = createServer().listen(join(runOf("server"), servedSocket));
  await once(server, "listening");
  return server;
};
const inode = (uid: string, file: string): number | undefined =>
  statSync(join(runOf(uid), file), { throwIfNoEntry: false })?.ino;

const vmi = someVmi({ status: { phase: "Running", nodeName: "node" } });
const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", name: "one", controller: true } as const;
const launcher: Pod = {
  metadata: {
    name: "launcher",
    namespace: "default",
    uid: "launcher",
    labels: { [labels.createdBy]: vmi.metadata?.uid ?? "" },
  },
  status: { phase: "Running" },
};
const serving = (startedAt: string, phase: "running" | "waiting" = "running"): Pod => ({
  metadata: {
    name: "server",
    namespace: "default",
    uid: "server",
    annotations: { [attachedVolumeAnnotation]: "data" },
    ownerReferences: [{ ...owner, uid: vmi.metadata?.uid ?? "" }],
  },
  spec: { containers: [], volumes: [{ name: "data", persistentVolumeClaim: { claimName: "claim" } }] },
  status: {
    containerStatuses: [
      { name: "serve", image: "", imageID: "", ready: true, restartCount: 0, state: { [phase]: { startedAt } } },
    ],
  },
});
const ofAll = <T>(get: () => T): Informer<T & object> =>
  ({ get, byIndex: () => [get()], list: () => [get()] }) as unknown as Informer<T & object>;

test("each server that is started has its name in the launcher, although the volume is in the spec no more", async () => {
  for (const uid of ["server", "launcher"]) mkdirSync(runOf(uid), { recursive: true });
  let pod = serving("2026-01-02T03:04:05Z", "waiting");
  let linked = 0;
  const reconciler = createSocketReconciler({
    vmis: ofAll<VirtualMachineInstance>(() => vmi),
    launchers: ofAll(() => launcher),
    attachments: ofAll(() => pod),
    kubeletRoot,
    onLinked: () => void (linked += 1),
  });
  const look = async (): Promise<number | undefined> => {
    const observation = await reconciler.observe("default/one", signal);
    assert.ok(observation);
    for (const action of reconciler.plan(observation)) await reconciler.execute(action, signal);
    return reconciler.requeueAfterMs?.(observation);
  };
  const name = pluggedSocketOf({ name: "data", claimName: "claim" });
  assert.equal(await look(), undefined, "its start is told of");
  pod = serving("2026-01-02T03:04:05Z");
  assert.equal(await look(), 200, "nobody tells that it listens");
  const first = await listen();
  assert.equal(await look(), undefined);
  assert.equal(inode("launcher", name), inode("server", servedSocket));
  assert.equal(linked, 1);
  await look();
  assert.equal(linked, 1);
  pod = serving(new Date().toISOString());
  assert.equal(await look(), 200, "started again, it has not replaced the socket yet");
  const second = await listen();
  await look();
  assert.equal(linked, 2);
  assert.equal(inode("launcher", name), inode("server", servedSocket));
  for (const server of [first, second]) server.close();
});
