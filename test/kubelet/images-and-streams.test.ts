/** Where images come from, and how stock kubectl talks to containers: logs, exec, attach. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../../src/base/errors.ts";
import { exec } from "../../src/base/exec.ts";
import { connectCri } from "../../src/cri/client.ts";
import { containerdSocket } from "../../src/cri/containerd/config.ts";
import { rotateLogs } from "../../src/kubelet/logs/rotate.ts";
import { eventually } from "../embedded/instance.ts";
import { kubectlPath } from "./environment.ts";
import { container, eventUntil, node, remove, runReady, shell, statusOf, untilText, useNode } from "./pod-fixture.ts";
import { startRegistry } from "./registry.ts";

useNode("vkt5", 4);

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
      timeoutMs: 120_000,
    });
    assert.match(typed, /typed/);
  });

  test("a log that grew too large is put aside, and a follower loses nothing", async (t) => {
    const rest = "for i in $(seq 2 100); do echo line $i; sleep 0.05; done";
    await runReady("chatty", {
      containers: [
        container({ command: shell(`echo line 1; until [ -e /go ]; do sleep 0.1; done; ${rest}; sleep 1000`) }),
      ],
    });
    const follower = spawn(kubectlPath, [`--kubeconfig=${node.kubeconfig}`, "logs", "-f", "chatty"]);
    t.after(() => follower.kill());
    const closed = once(follower, "close");
    let followed = "";
    follower.stdout.on("data", (chunk: Buffer) => (followed += chunk.toString()));
    const untilFollowed = (line: string) =>
      eventually(
        line,
        60_000,
        () => followed.includes(`${line}\n`) || undefined,
        () => followed,
      );
    await untilFollowed("line 1"); // what was put aside before it came would not be its own
    await node.kubectl("exec", "chatty", "--", "touch", "/go");
    const cri = connectCri(containerdSocket(node.containerd));
    for (let round = 0; round < 3; round++) {
      await delay(1000);
      await rotateLogs(cri, node.rootDir, { maxBytes: 100, maxFiles: 3 });
    }
    cri.close();
    const [dir = ""] = readdirSync(join(node.rootDir, "pod-logs")).filter((name) => name.startsWith("default_chatty_"));
    await untilFollowed("line 100");
    assert.ok(readdirSync(join(node.rootDir, "pod-logs", dir, "main")).length <= 3);
    await remove("chatty");
    await closed;
    const expected = Array.from({ length: 100 }, (_, index) => `line ${index + 1}\n`).join("");
    assert.equal(followed, expected);
  });

  test("logs in parts, exec with input and exit code", async () => {
    await runReady("talk", {
      containers: [container({ command: shell("for i in 1 2 3; do echo line $i; done; sleep 1000") })],
    });
    await untilText(() => node.kubectl("logs", "talk", "--tail=2"), "line 2\nline 3\n");
    assert.match(await node.kubectl("logs", "talk", "--timestamps", "--limit-bytes=40"), /^\d{4}-\d\d-\d\dT.*Z line/);
    await assert.rejects(
      node.kubectl("exec", "talk", "--", "sh", "-c", "exit 5"),
      (error) => error instanceof CommandError && error.exitCode === 5,
    );
    await remove("talk");
  });
});
