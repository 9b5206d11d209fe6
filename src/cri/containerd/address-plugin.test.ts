import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { addressPluginScript, annotationsCapability } from "./address-plugin.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-address-"));
const notes = join(directory, "notes");
const plugin = join(directory, "vmpod-address");

before(() => {
  writeFileSync(plugin, addressPluginScript(notes));
  chmodSync(plugin, 0o755);
  symlinkSync("/usr/lib/cni/host-local", join(directory, "host-local"));
});
after(() => rmSync(directory, { recursive: true }));

interface Answer {
  ips?: { address: string }[];
  msg?: string;
}

const ranges = [[{ subnet: "10.9.0.0/28" }], [{ subnet: "fd09::/64" }]];

/** As containerd and the bridge plugin call it. */
function call(command: "ADD" | "DEL", sandbox: string, annotations: Record<string, string> = {}, namespace = "n") {
  const ipam = { type: "vmpod-address", dataDir: join(directory, "ipam"), ranges };
  const config = { cniVersion: "1.0.0", name: "x", type: "bridge", ipam };
  const input = JSON.stringify({ ...config, runtimeConfig: { [annotationsCapability]: annotations } });
  const { stdout, status } = spawnSync(plugin, {
    input,
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      CNI_COMMAND: command,
      CNI_CONTAINERID: sandbox,
      CNI_NETNS: "/proc/self/ns/net",
      CNI_IFNAME: "eth0",
      CNI_PATH: directory,
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=p-${sandbox}`,
    },
  });
  return { status, answer: (stdout === "" ? {} : JSON.parse(stdout)) as Answer };
}
const addBoth = (...args: [string, Record<string, string>?, string?]) =>
  call("ADD", ...args).answer.ips?.map(({ address }) => address);
const add = (...args: Parameters<typeof addBoth>) => addBoth(...args)?.[0];
const machine = (name: string) => ({ note: 'x"kubevirt.io/domain":"other"', "kubevirt.io/domain": name });

test("a machine gets the addresses that it had", () => {
  const first = addBoth("s1", machine("web"));
  assert.match(String(first), /^10\.9\.0\.\d+\/28,fd09::[\da-f]+\/64$/);
  assert.equal(call("DEL", "s1", machine("web")).status, 0);
  const between = addBoth("s2");
  for (const index of [0, 1]) assert.notEqual(between?.[index], first?.[index], "host-local goes round");
  assert.deepEqual(addBoth("s3", machine("web")), first);
  assert.deepEqual(readdirSync(notes), ["n_web"]);
});

test("unless somebody has it, e.g. the pod that it moves from; then it keeps the new one", () => {
  const moved = add("s4", machine("web"));
  assert.ok(moved !== undefined);
  call("DEL", "s3", machine("web"));
  call("DEL", "s4", machine("web"));
  assert.equal(add("s5", machine("web")), moved);
});

test("the same name in another namespace is another machine", () => {
  assert.notEqual(add("s6", machine("web"), "other"), undefined);
  assert.deepEqual(readdirSync(notes).sort(), ["n_web", "other_web"]);
});

test("names that are none are not noted, and what has no addresses left says so", () => {
  for (const name of ["../../etc/x", "a b", "$(id)", ""]) assert.ok(add(`odd-${name.length}`, machine(name)), name);
  assert.deepEqual(readdirSync(notes).sort(), ["n_web", "other_web"]);
  for (let index = 0; index < 14; index++) add(`more-${index}`);
  const { status, answer } = call("ADD", "last", machine("late"));
  assert.equal(status, 1);
  assert.match(String(answer.msg), /no IP addresses available/);
});
