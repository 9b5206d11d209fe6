/** Every kind of volume, seen from inside a container. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { configMaps, persistentVolumeClaims, persistentVolumes, secrets } from "../../api/core.ts";
import { CommandError } from "../../src/base/errors.ts";
import { eventually } from "../embedded/instance.ts";
import { container, eventUntil, inside, isReady, namespace, node, remove, runReady, useNode } from "./pod-fixture.ts";

useNode("vkt3", 2);

describe("volumes", () => {
  test("configMap, secret, downwardAPI and a projected token; changes of a ConfigMap arrive", async () => {
    await node.client.create(configMaps, {
      metadata: { name: "files", namespace },
      data: { "a.txt": "one", "b.txt": "two" },
    });
    await node.client.create(secrets, {
      metadata: { name: "keys", namespace },
      data: { key: Buffer.from("k").toString("base64") },
    });
    await runReady(
      "files",
      {
        volumes: [
          { name: "all", configMap: { name: "files" } },
          { name: "some", configMap: { name: "files", items: [{ key: "a.txt", path: "sub/renamed", mode: 0o400 }] } },
          { name: "secret", secret: { secretName: "keys", defaultMode: 0o440 } },
          { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
          { name: "absent", configMap: { name: "absent", optional: true } },
        ],
        containers: [
          container({
            volumeMounts: ["all", "some", "secret", "info", "absent"].map((name) => ({
              name,
              mountPath: `/v/${name}`,
            })),
          }),
        ],
      },
      { labels: { app: "files" } },
    );
    assert.equal(
      await inside("files", "cat /v/all/a.txt /v/all/b.txt /v/some/sub/renamed /v/secret/key /v/info/labels"),
      'onetwoonekapp="files"',
    );
    assert.equal(await inside("files", "stat -L -c %a /v/some/sub/renamed /v/secret/key"), "400\n440\n");
    await assert.rejects(inside("files", "touch /v/all/x"), CommandError);
    await node.client.patch(
      configMaps,
      { namespace, name: "files" },
      { type: "merge", body: { data: { "a.txt": "ONE", "b.txt": null } } },
    );
    await inside("files", 'for i in $(seq 180); do [ "$(cat /v/all/a.txt)" = ONE ] && exit 0; sleep 1; done; exit 1');
    assert.equal(await inside("files", "ls /v/all"), "a.txt\n");
  });

  test("a service account's token speaks to the API server", async () => {
    await runReady("account", {});
    const token = await inside("account", "cat /var/run/secrets/kubernetes.io/serviceaccount/token");
    const names = await inside(
      "account",
      "cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace; grep -c BEGIN ca.crt",
    );
    assert.equal(names, "default1\n");
    const server = (await node.kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")).trim();
    const who = await node.kubectl(
      "auth",
      "whoami",
      `--server=${server}`,
      `--token=${token}`,
      "--user=",
      "-o",
      "jsonpath={.status.userInfo.username}",
    );
    assert.equal(who, "system:serviceaccount:default:default");
  });

  test("a missing Secret shows as FailedMount until it is there", async () => {
    await node.run("unmounted", {
      volumes: [{ name: "s", secret: { secretName: "later" } }],
      containers: [container({ volumeMounts: [{ name: "s", mountPath: "/s" }] })],
    });
    await eventUntil("unmounted", "FailedMount");
    await node.client.create(secrets, { metadata: { name: "later", namespace }, data: { a: "YQ==" } });
    await node.podUntil("unmounted", "ready", isReady);
  });

  test("emptyDir on disk and in memory, shared between containers; subPath; fsGroup", async () => {
    await runReady("scratch", {
      securityContext: { fsGroup: 2000 },
      volumes: [
        { name: "disk", emptyDir: {} },
        { name: "ram", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      ],
      containers: [
        container({
          volumeMounts: [
            { name: "disk", mountPath: "/d" },
            { name: "ram", mountPath: "/r" },
          ],
          securityContext: { runAsUser: 1000 },
        }),
        container({ name: "other", volumeMounts: [{ name: "disk", mountPath: "/sub", subPath: "a/b" }] }),
      ],
    });
    assert.equal(await inside("scratch", "id -G"), "0 2000\n");
    await inside("scratch", "mkdir -p /d/x; echo hi > /d/a/b/f || echo hi > /d/f");
    assert.match(await inside("scratch", "df -k /r | tail -1; stat -c %g /d"), / 1024 [\s\S]*2000/);
    assert.equal(await node.kubectl("exec", "scratch", "-c", "other", "--", "ls", "/sub"), "");
    await assert.rejects(inside("scratch", "dd if=/dev/zero of=/r/f bs=1k count=2000"), CommandError);
    await remove("scratch");
  });

  test("hostPath types, and a claim on a local volume", async () => {
    const dir = join(node.rootDir, "..", "host");
    mkdirSync(dir);
    writeFileSync(join(dir, "f"), "from the host");
    await node.client.create(persistentVolumes, {
      metadata: { name: "local" },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        local: { path: dir },
        claimRef: { namespace, name: "claim" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }],
          },
        },
      },
    });
    const claim = await node.client.create(persistentVolumeClaims, {
      metadata: { name: "claim", namespace },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, volumeName: "local" },
    });
    await node.client.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: "Bound" } });
    await runReady("host", {
      volumes: [
        { name: "dir", hostPath: { path: dir, type: "Directory" } },
        { name: "made", hostPath: { path: join(dir, "made"), type: "DirectoryOrCreate" } },
        { name: "claim", persistentVolumeClaim: { claimName: "claim" } },
      ],
      containers: [
        container({ volumeMounts: ["dir", "made", "claim"].map((name) => ({ name, mountPath: `/${name}` })) }),
      ],
    });
    assert.equal(await inside("host", "cat /dir/f; cat /claim/f; echo new > /made/g"), "from the hostfrom the host");
    assert.equal(readFileSync(join(dir, "made/g"), "utf8"), "new\n");
    await node.run("wrong", { volumes: [{ name: "f", hostPath: { path: join(dir, "f"), type: "Directory" } }] });
    await eventUntil("wrong", "FailedMount");
  });

  test("an image as a volume, read-only", async () => {
    await runReady("image", {
      volumes: [{ name: "files", image: { reference: node.busybox } }],
      containers: [container({ volumeMounts: [{ name: "files", mountPath: "/image" }] })],
    });
    assert.match(await inside("image", "ls /image"), /^bin$/m);
    await assert.rejects(inside("image", "touch /image/x"), /Read-only file system/);
    await remove("image");
    const snapshots = () => node.ctr("snapshots", "list");
    const isLetGo = async () => !(await snapshots()).includes("vmpod-volume") || undefined;
    await eventually("its view of the image is let go", 30_000, isLetGo, snapshots);
  });
});
