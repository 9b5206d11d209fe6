import assert from "node:assert/strict";
import { test } from "node:test";
import { renderCniConf } from "./cni.ts";
import { renderContainerdConfig } from "./config.ts";

const config = renderContainerdConfig({
  rootDir: "/data/containerd",
  stateDir: "/run/x/containerd",
  pauseImage: "localhost/vmpod/pause:1",
});

test("everything that containerd keeps lies in its own two directories", () => {
  const paths = [...config.matchAll(/"(\/[^"]*)"/g)].map(([, path = ""]) => path);
  const shared = new Set(["/etc/containerd/certs.d:/etc/docker/certs.d"]);
  const foreign = paths.filter((path) => !path.startsWith("/data/containerd") && !path.startsWith("/run/x/containerd"));
  assert.deepEqual(
    foreign.filter((path) => !shared.has(path)),
    [],
  );
});

test("what a machine without every privilege needs", () => {
  assert.match(config, /^ {2}restrict_oom_score_adj = true$/m);
  assert.match(config, /^ {2}stream_server_address = "127\.0\.0\.1"$/m);
  assert.match(config, /^ {2}device_ownership_from_security_context = true$/m);
});

test("the bridge carries the installation's name", () => {
  const list = JSON.parse(
    renderCniConf({ instance: "x", podCidrs: ["10.0.0.0/24", "fd00::/64"], dataDir: "/run/x/ipam" }),
  );
  assert.equal(list.name, "x");
  assert.equal(list.plugins[0].bridge, "x0");
  assert.deepEqual(list.plugins[0].ipam.ranges, [[{ subnet: "10.0.0.0/24" }], [{ subnet: "fd00::/64" }]]);
});
