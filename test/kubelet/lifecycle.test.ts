/** How pods begin, restart and end: restart policies, hooks, deadlines, init containers, probes. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Container } from "../../api/core.ts";
import { fetchText } from "../embedded/fetch-text.ts";
import { eventually } from "../embedded/instance.ts";
import {
  container,
  eventUntil,
  firstPort,
  inside,
  isReady,
  node,
  remove,
  runReady,
  shell,
  statusOf,
  untilText,
  useNode,
} from "./pod-fixture.ts";

useNode("vkt4", 3);

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
    assert.ok(Date.now() - started < 60_000, "it was given its 600 seconds");
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
    await untilText(() => inside("ordered", "cat /d/order"), "first\nside\nsecond\nmain\n");
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
    const probe = { periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10 };
    const hostPort = firstPort + 980;
    await runReady("web", {
      containers: [
        container({
          command: shell("mkdir /w; echo ok > /w/health; httpd -f -p 8080 -h /w"),
          ports: [{ containerPort: 8080, name: "http", hostPort }],
          readinessProbe: { httpGet: { path: "/health", port: "http" }, ...probe },
          livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
        }),
      ],
    });
    await eventually("its host port answers", 30_000, async () =>
      (await fetchText(`http://127.0.0.1:${hostPort}/health`)) === "ok" ? true : undefined,
    );
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
          startupProbe: { exec, periodSeconds: 1, failureThreshold: 10, timeoutSeconds: 10 },
          livenessProbe: { exec, periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 10 },
        }),
      ],
    });
    const pod = await node.podUntil("alive", "restarted", (found) => statusOf(found)?.restartCount === 1);
    assert.ok(pod.status?.phase === "Running");
    await eventUntil("alive", "Unhealthy");
    await remove("alive");
  });
});
