import assert from "node:assert/strict";
import { test } from "node:test";
import { forcedGraceSeconds } from "./force.ts";
import { parseForwardedPort } from "./forward/port.ts";
import { mergeKubeconfig } from "./kubeconfig/merge.ts";
import { commandNameIn } from "./program.ts";
import { scpArguments } from "./commands/scp.ts";
import { parseLoginTarget, proxyArguments } from "./secure-shell.ts";
import { subresourcePath } from "./subresource.ts";
import { parseTarget } from "./target.ts";

test("a target is [type/]name[/namespace]", () => {
  assert.deepEqual(parseTarget("web", "ns"), { kind: "vmi", name: "web", namespace: "ns" });
  assert.deepEqual(parseTarget("vm/web", "ns"), { kind: "vm", name: "web", namespace: "ns" });
  assert.deepEqual(parseTarget("VirtualMachines/web/lab", "ns"), { kind: "vm", name: "web", namespace: "lab" });
  for (const wrong of ["", "pod/web", "vm/", "vm/web/", "a/b/c/d"])
    assert.throws(() => parseTarget(wrong, "ns"), Error, wrong);
});

test("a port is [protocol/]local[:target]", () => {
  assert.deepEqual(parseForwardedPort("8080"), { protocol: "tcp", local: 8080, remote: 8080 });
  assert.deepEqual(parseForwardedPort("0:22"), { protocol: "tcp", local: 0, remote: 22 });
  assert.deepEqual(parseForwardedPort("UDP/5353:53"), { protocol: "udp", local: 5353, remote: 53 });
  for (const wrong of ["", "0", "x", "1:2:3", "sctp/1", "70000", "1:70000"])
    assert.throws(() => parseForwardedPort(wrong), Error, wrong);
});

test("force and grace period come together", () => {
  assert.equal(forcedGraceSeconds({}), undefined);
  assert.equal(forcedGraceSeconds({ force: true, gracePeriod: 0 }), 0);
  assert.throws(() => forcedGraceSeconds({ force: true }), /Must both use --force=true and set --grace-period/);
  assert.throws(() => forcedGraceSeconds({ gracePeriod: 5 }));
});

test("the command is the first word that is no option or its value", () => {
  assert.equal(commandNameIn(["-n", "lab", "--context", "c", "start", "vm1"]), "start");
  assert.equal(commandNameIn(["--namespace=lab", "stop"]), "stop");
  assert.equal(commandNameIn(["--help"]), undefined);
});

test("subresource paths are KubeVirt's", () => {
  const machine = { kind: "vm" as const, namespace: "lab", name: "web" };
  assert.equal(
    subresourcePath(machine, "start"),
    "/apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachines/web/start",
  );
});

test("ssh goes through port-forward, quoted for the shell and for ssh's own % tokens", () => {
  const { user, machine } = parseLoginTarget("root@vm/web/lab", "default");
  assert.equal(user, "root");
  const options = { knownHosts: "/kh", localSshOpts: ["-v"], port: 2222, identityFile: "key" };
  const words = proxyArguments(machine, options, { context: "it's 100%" });
  const proxy = words[1] ?? "";
  assert.match(
    proxy,
    /^ProxyCommand=\S+\/bin\/vmpod port-forward --stdio=true --context 'it'\\''s 100%%' vm\/web\/lab 2222$/,
  );
  assert.deepEqual(words.slice(-3), ["-i", "key", "-v"]);
});

test("scp copies between here and one guest", () => {
  const options = { knownHosts: "/kh", localSshOpts: [], port: 22, recursive: true };
  const globals = { namespace: "lab" };
  const up = scpArguments(["./a:b", "root@vm/web:/etc"], options, globals);
  assert.deepEqual([up[0], ...up.slice(-2)], ["-r", "./a:b", "root@vm.web.lab:/etc"]);
  const down = scpArguments(["vmi/web/x:log", "."], { ...options, username: "me" }, globals);
  assert.deepEqual(down.slice(-2), ["me@vmi.web.x:log", "."]);
  for (const sides of [
    ["a", "b"],
    ["vm/a:x", "vm/b:y"],
  ] as [string, string][]) {
    assert.throws(() => scpArguments(sides, options, globals), /one side must be in a guest/);
  }
});

test("merging kubeconfigs replaces entries of the same name and keeps the rest", () => {
  const existing = {
    "current-context": "work",
    clusters: [{ name: "work" }, { name: "vmpod", old: true }],
    users: [{ name: "work" }],
    preferences: { colors: true },
  };
  const added = {
    "current-context": "vmpod",
    clusters: [{ name: "vmpod" }],
    users: [{ name: "vmpod" }],
    contexts: [{ name: "vmpod" }],
  };
  assert.deepEqual(mergeKubeconfig(existing, added), {
    apiVersion: "v1",
    kind: "Config",
    preferences: { colors: true },
    clusters: [{ name: "work" }, { name: "vmpod" }],
    users: [{ name: "work" }, { name: "vmpod" }],
    contexts: [{ name: "vmpod" }],
    "current-context": "vmpod",
  });
});
