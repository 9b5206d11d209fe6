/** Containers as pods: what a manifest asks for is what runs, told by stock kubectl and from inside the containers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Container, Pod } from "../../api/core.ts";
import { configMaps, events, persistentVolumeClaims, persistentVolumes, secrets } from "../../api/core.ts";
import { leases } from "../../api/coordination.ts";
import { CommandError } from "../../src/base/errors.ts";
import { exec } from "../../src/base/exec.ts";
import { watchUntil } from "../../src/client/wait-for.ts";
import { connectCri } from "../../src/cri/client.ts";
import { containerdSocket } from "../../src/cri/containerd/config.ts";
import { rotateLogs } from "../../src/kubelet/logs/rotate.ts";
import { type Environment, kubectlPath, startEnvironment } from "./environment.ts";
import { startRegistry } from "./registry.ts";

let node: Environment;

before(async () => {
  node = await startEnvironment({
    instance: "vkt1",
    apiPort: 25_443,
    kubeletPort: 25_250,
    podCidr: "10.15.0.0/24",
    serviceCidr: "10.25.0.0/16",
  });
  await node.startKubelet();
});
after(() => node.stop());

const namespace = "default";
const sleep = ["sleep", "1000"];

function container(extra: Partial<Container> = {}): Container {
  return { name: "main", image: node.busybox, command: sleep, ...extra };
}

const shell = (script: string): string[] => ["sh", "-c", script];
const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
const statusOf = (pod: Pod, index = 0) => pod.status?.containerStatuses?.[index];

async function runReady(name: string, spec: Parameters<Environment["run"]>[1], metadata = {}): Promise<Pod> {
  await node.run(name, spec, metadata);
  return await node.podUntil(name, "ready", isReady);
}

const inside = (pod: string, script: string): Promise<string> => node.kubectl("exec", pod, "--", "sh", "-c", script);
const remove = (pod: string): Promise<string> => node.kubectl("delete", "pod", pod);

async function eventUntil(pod: string, reason: string): Promise<void> {
  await watchUntil(node.client, events, { namespace, timeoutMs: 30_000 }, (all) =>
    all.find((event) => event.involvedObject.name === pod && event.reason === reason),
  );
}

test("the node is registered with capacity, conditions and a lease", async () => {
  const text = await node.kubectl("get", "node", node.nodeName, "-o", "wide");
  assert.match(text, /Ready .*containerd:\/\//);
  const described = await node.kubectl("describe", "node", node.nodeName);
  assert.match(described, /devices.kubevirt.io\/tun:\s+100/);
  const lease = await node.client.get(leases, { namespace: "kube-node-lease", name: node.nodeName });
  assert.equal(lease.spec?.holderIdentity, node.nodeName);
});

describe("environment", () => {
  test("variables from everywhere, in order", async () => {
    await node.client.create(configMaps, {
      metadata: { name: "settings", namespace },
      data: { color: "blue", SIZE: "9" },
    });
    await node.client.create(secrets, {
      metadata: { name: "hidden", namespace },
      data: { password: Buffer.from("s3cret").toString("base64") },
    });
    const env: Container["env"] = [
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "TIER", valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
      { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "hidden", key: "password" } } },
      { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
      { name: "BOTH", value: "$(COLOR)-$(CM_SIZE)-$(NONE)-$$(COLOR)" },
      { name: "MAYBE", valueFrom: { secretKeyRef: { name: "none", key: "none", optional: true } } },
    ];
    const envFrom = [{ prefix: "CM_", configMapRef: { name: "settings" } }];
    const limits = { memory: "64Mi" };
    const pod = await runReady(
      "env",
      {
        containers: [
          container({ env, envFrom, resources: { limits }, command: ["sh", "-c", "echo arg=$(COLOR); sleep 1000"] }),
        ],
      },
      { labels: { tier: "back" } },
    );
    const seen = Object.fromEntries(
      (await inside("env", "env"))
        .trim()
        .split("\n")
        .map((line) => line.split("=")),
    );
    assert.equal(seen["NAME"], "env");
    assert.equal(seen["IP"], pod.status?.podIP);
    assert.equal(seen["TIER"], "back");
    assert.equal(seen["PASSWORD"], "s3cret");
    assert.equal(seen["MEMORY"], "64");
    assert.equal(seen["BOTH"], "blue-9-$(NONE)-$(COLOR)");
    assert.equal(seen["MAYBE"], undefined);
    assert.equal(await node.kubectl("logs", "env"), "arg=blue\n");
  });

  test("a missing ConfigMap holds the container back until it is there", async () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "later", key: "a" } } }];
    await node.run("late", { containers: [container({ env })] });
    await node.podUntil(
      "late",
      "waiting for its ConfigMap",
      (pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    await node.client.create(configMaps, { metadata: { name: "later", namespace }, data: { a: "b" } });
    await node.podUntil("late", "ready", isReady);
  });

  test("/etc/hosts, hostname and resolv.conf", async () => {
    await runReady("names", {
      hostname: "here",
      subdomain: "sub",
      hostAliases: [{ ip: "192.0.2.7", hostnames: ["db", "db.local"] }],
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.53"], searches: ["example.org"], options: [{ name: "ndots", value: "2" }] },
    });
    const hosts = await inside("names", "cat /etc/hosts");
    assert.match(hosts, /192\.0\.2\.7\tdb\tdb\.local/);
    assert.match(hosts, /here\.sub\.default\.svc\.cluster\.local\there/);
    assert.equal(await inside("names", "hostname"), "here\n");
    const resolver = await inside("names", "cat /etc/resolv.conf");
    assert.match(resolver, /search example.org\nnameserver 192.0.2.53\noptions ndots:2/);
  });
});

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
    await inside("files", 'for i in $(seq 90); do [ "$(cat /v/all/a.txt)" = ONE ] && exit 0; sleep 1; done; exit 1');
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
    assert.ok(!(await node.ctr("snapshots", "list")).includes("vmpod-volume"));
  });
});

describe("security", () => {
  test("the restricted level, seen from inside", async () => {
    await runReady("restricted", {
      securityContext: {
        runAsUser: 107,
        runAsGroup: 107,
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        container({
          securityContext: {
            capabilities: { drop: ["ALL"] },
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
          },
          resources: { limits: { "devices.kubevirt.io/tun": "1" } },
        }),
      ],
    });
    const status = await inside("restricted", "cat /proc/self/status; id; ls -ln /dev/net/tun");
    assert.match(status, /CapEff:\t0000000000000000/);
    assert.match(status, /NoNewPrivs:\t1/);
    assert.match(status, /Seccomp:\t2/);
    assert.match(status, /uid=107 gid=107/);
    assert.match(status, /crw-\S+\s+1 107\s+107 .*\/dev\/net\/tun/);
    await assert.rejects(inside("restricted", "touch /x"), /Read-only file system/);
  });

  test("an image that runs as root is refused where root is not allowed", async () => {
    await node.run("nonroot", { containers: [container({ securityContext: { runAsNonRoot: true } })] });
    const pod = await node.podUntil(
      "nonroot",
      "refused",
      (found) => statusOf(found)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    assert.match(statusOf(pod)?.state?.waiting?.message ?? "", /runAsNonRoot and image will run as root/);
  });

  test("privileged, host network and host pid", async () => {
    await runReady("hostly", {
      hostNetwork: true,
      hostPID: true,
      containers: [container({ securityContext: { privileged: true } })],
    });
    const status = await inside("hostly", "grep CapEff /proc/self/status; ls /sys/class/net; ps | wc -l");
    assert.doesNotMatch(status, /CapEff:\t0000000000000000/);
    assert.match(status, /vkt10/);
  });
});

describe("ends and restarts", () => {
  test("Never: succeeded and failed, with exit code and last words", async () => {
    await node.run("good", { restartPolicy: "Never", containers: [container({ command: shell("exit 0") })] });
    await node.run("bad", {
      restartPolicy: "Never",
      containers: [container({ command: shell("echo why > /dev/termination-log; exit 7") })],
    });
    await node.podUntil("good", "succeeded", (pod) => pod.status?.phase === "Succeeded");
    const bad = await node.podUntil("bad", "failed", (pod) => pod.status?.phase === "Failed");
    const { exitCode, reason, message } = statusOf(bad)?.state?.terminated ?? {};
    assert.deepEqual({ exitCode, reason, message }, { exitCode: 7, reason: "Error", message: "why\n" });
    assert.equal(bad.status?.podIP !== undefined, true);
  });

  test("Always: back-off, restart count, previous logs", async () => {
    await node.run("crash", {
      containers: [
        container({ command: shell("echo run $HOSTNAME; exit 3"), terminationMessagePolicy: "FallbackToLogsOnError" }),
      ],
    });
    const pod = await node.podUntil(
      "crash",
      "in back-off",
      (found) => statusOf(found)?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    assert.equal(statusOf(pod)?.restartCount, 1);
    assert.equal(statusOf(pod)?.lastState?.terminated?.exitCode, 3);
    assert.match(statusOf(pod)?.lastState?.terminated?.message ?? "", /run crash/);
    assert.match(await node.kubectl("logs", "crash", "--previous"), /run crash/);
    await node.podUntil("crash", "restarted again", (found) => (statusOf(found)?.restartCount ?? 0) >= 2);
    await eventUntil("crash", "BackOff");
    await remove("crash");
  });

  test("OnFailure: again until it works", async () => {
    const script = "[ -e /d/2 ] && exit 0; [ -e /d/1 ] && touch /d/2; touch /d/1; exit 1";
    await node.run("retry", {
      restartPolicy: "OnFailure",
      volumes: [{ name: "d", emptyDir: {} }],
      containers: [container({ command: shell(script), volumeMounts: [{ name: "d", mountPath: "/d" }] })],
    });
    const pod = await node.podUntil("retry", "succeeded", (found) => found.status?.phase === "Succeeded");
    assert.equal(statusOf(pod)?.restartCount, 2);
  });

  test("a container that takes more memory than its limit is OOMKilled", async () => {
    await node.run("hungry", {
      restartPolicy: "Never",
      containers: [
        container({
          resources: { limits: { memory: "16Mi" } },
          command: shell("x=$(head -c 64m /dev/zero | tr '\\0' a); echo ${#x}"),
        }),
      ],
    });
    const pod = await node.podUntil("hungry", "killed", (found) => found.status?.phase === "Failed");
    assert.equal(statusOf(pod)?.state?.terminated?.reason, "OOMKilled");
    assert.equal(statusOf(pod)?.state?.terminated?.exitCode, 137);
  });

  test("activeDeadlineSeconds", async () => {
    await node.run("deadline", { activeDeadlineSeconds: 2 });
    const pod = await node.podUntil("deadline", "failed", (found) => found.status?.phase === "Failed");
    assert.equal(pod.status?.reason, "DeadlineExceeded");
  });

  test("preStop runs within the grace period; force deletion does not wait", async () => {
    const dir = join(node.rootDir, "..", "hooks");
    mkdirSync(dir);
    const volumes = [{ name: "out", hostPath: { path: dir } }];
    const volumeMounts = [{ name: "out", mountPath: "/out" }];
    const lifecycle = {
      preStop: { exec: { command: shell("sleep 1; echo bye > /out/bye") } },
      postStart: { exec: { command: shell("echo hi > /out/hi") } },
    };
    await runReady("hooks", {
      terminationGracePeriodSeconds: 20,
      volumes,
      containers: [
        container({ volumeMounts, lifecycle, command: shell("trap 'exit 0' TERM; while :; do sleep 0.1; done") }),
      ],
    });
    assert.equal(readFileSync(join(dir, "hi"), "utf8"), "hi\n");
    await remove("hooks");
    assert.equal(readFileSync(join(dir, "bye"), "utf8"), "bye\n");
    await runReady("stubborn", { terminationGracePeriodSeconds: 600 });
    const started = Date.now();
    await node.kubectl("delete", "pod", "stubborn", "--wait=false");
    await node.kubectl("delete", "pod", "stubborn", "--grace-period=1");
    assert.ok(Date.now() - started < 10_000);
    await eventUntil("hooks", "Killing");
  });
});

describe("order", () => {
  test("init containers one after the other, a sidecar beside, then the rest", async () => {
    const volumeMounts = [{ name: "d", mountPath: "/d" }];
    const say = (name: string, extra: Partial<Container> = {}): Container =>
      container({ name, volumeMounts, command: shell(`echo ${name} >> /d/order`), ...extra });
    await runReady("ordered", {
      volumes: [{ name: "d", emptyDir: {} }],
      initContainers: [
        say("first"),
        say("side", {
          restartPolicy: "Always",
          command: shell("sleep 0.5; echo side >> /d/order; sleep 1000"),
          startupProbe: { exec: { command: ["grep", "side", "/d/order"] }, periodSeconds: 1 },
        }),
        say("second"),
      ],
      containers: [say("main", { command: shell("echo main >> /d/order; sleep 1000") })],
    });
    assert.equal(await inside("ordered", "cat /d/order"), "first\nside\nsecond\nmain\n");
    await remove("ordered");
  });

  test("an init container that fails ends a pod that is not restarted", async () => {
    await node.run("noinit", {
      restartPolicy: "Never",
      initContainers: [container({ name: "init", command: shell("exit 4") })],
    });
    const pod = await node.podUntil("noinit", "failed", (found) => found.status?.phase === "Failed");
    assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 4);
  });
});

describe("probes", () => {
  test("readiness follows an HTTP and a TCP probe, up and down", async () => {
    const probe = { periodSeconds: 1, failureThreshold: 1 };
    await runReady("web", {
      containers: [
        container({
          command: shell("mkdir /w; echo ok > /w/health; httpd -f -p 8080 -h /w"),
          ports: [{ containerPort: 8080, name: "http", hostPort: 25_980 }],
          readinessProbe: { httpGet: { path: "/health", port: "http" }, ...probe },
          livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        }),
      ],
    });
    assert.equal(await (await fetch("http://127.0.0.1:25980/health")).text(), "ok\n");
    await inside("web", "mv /w/health /w/away");
    await node.podUntil("web", "unready", (pod) => !isReady(pod));
    await inside("web", "mv /w/away /w/health");
    const pod = await node.podUntil("web", "ready again", isReady);
    assert.equal(statusOf(pod)?.restartCount, 0);
    await remove("web");
  });

  test("liveness restarts, startup holds it back", async () => {
    const exec = { command: shell("test -e /tmp/alive") };
    await node.run("alive", {
      containers: [
        container({
          command: shell("sleep 1; touch /tmp/alive; sleep 2; rm /tmp/alive; sleep 1000"),
          startupProbe: { exec, periodSeconds: 1, failureThreshold: 10 },
          livenessProbe: { exec, periodSeconds: 1, failureThreshold: 2 },
        }),
      ],
    });
    const pod = await node.podUntil("alive", "restarted", (found) => statusOf(found)?.restartCount === 1);
    assert.ok(pod.status?.phase === "Running");
    await eventUntil("alive", "Unhealthy");
    await remove("alive");
  });
});

describe("images", () => {
  test("what is not there and may not or cannot be pulled", async () => {
    await node.run("never", { containers: [container({ image: "localhost/none:1", imagePullPolicy: "Never" })] });
    await node.run("unpullable", { containers: [container({ image: "127.0.0.1:1/none:1" })] });
    await node.podUntil("never", "refused", (pod) => statusOf(pod)?.state?.waiting?.reason === "ErrImageNeverPull");
    await node.podUntil("unpullable", "failing", (pod) => statusOf(pod)?.state?.waiting?.reason === "ErrImagePull");
    await node.podUntil(
      "unpullable",
      "in back-off",
      (pod) => statusOf(pod)?.state?.waiting?.reason === "ImagePullBackOff",
    );
  });
});

test("an image is pulled from a registry, with the pod's secret only", async () => {
  const registry = await startRegistry(node.busyboxTar);
  try {
    const image = `${registry.host}/tools/busybox:1`;
    await node.run("stranger", { containers: [container({ image })] });
    await node.podUntil("stranger", "refused", (pod) => statusOf(pod)?.state?.waiting?.reason === "ErrImagePull");
    const login = [`--docker-username=${registry.username}`, `--docker-password=${registry.password}`];
    await node.kubectl("create", "secret", "docker-registry", "login", `--docker-server=${registry.host}`, ...login);
    await runReady("friend", { imagePullSecrets: [{ name: "login" }], containers: [container({ image })] });
    await eventUntil("friend", "Pulling");
  } finally {
    registry.close();
  }
});

describe("streams", () => {
  test("attach: what is typed in comes out", async () => {
    await runReady("cat", {
      restartPolicy: "Never",
      containers: [container({ stdin: true, stdinOnce: true, command: ["cat"] })],
    });
    const typed = await exec([kubectlPath, `--kubeconfig=${node.kubeconfig}`, "attach", "-i", "cat", "-q"], {
      input: "typed\n",
      timeoutMs: 20_000,
    });
    assert.match(typed, /typed/);
  });

  test("a log that grew too large is put aside, and a follower loses nothing", async () => {
    await runReady("chatty", {
      containers: [container({ command: shell("for i in $(seq 100); do echo line $i; sleep 0.05; done; sleep 1000") })],
    });
    const follower = node.kubectl("logs", "-f", "chatty");
    const cri = connectCri(containerdSocket(node.containerd));
    for (let round = 0; round < 3; round++) {
      await delay(1000);
      await rotateLogs(cri, node.rootDir, { maxBytes: 100, maxFiles: 3 });
    }
    cri.close();
    const [dir = ""] = readdirSync(join(node.rootDir, "pod-logs")).filter((name) => name.startsWith("default_chatty_"));
    await delay(3000);
    assert.ok(readdirSync(join(node.rootDir, "pod-logs", dir, "main")).length <= 3);
    await remove("chatty");
    const expected = Array.from({ length: 100 }, (_, index) => `line ${index + 1}\n`).join("");
    assert.equal(await follower, expected);
  });

  test("logs in parts, exec with input and exit code", async () => {
    await runReady("talk", {
      containers: [container({ command: shell("for i in 1 2 3; do echo line $i; done; sleep 1000") })],
    });
    assert.equal(await node.kubectl("logs", "talk", "--tail=2"), "line 2\nline 3\n");
    assert.match(await node.kubectl("logs", "talk", "--timestamps", "--limit-bytes=40"), /^\d{4}-\d\d-\d\dT.*Z line/);
    await assert.rejects(
      node.kubectl("exec", "talk", "--", "sh", "-c", "exit 5"),
      (error) => error instanceof CommandError && error.exitCode === 5,
    );
    await remove("talk");
  });
});
