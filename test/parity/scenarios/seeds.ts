/** How a guest is told what to be: cloud-init media, and what machines are made of. Each guest says over HTTP what it found. */
import assert from "node:assert/strict";
import { connects } from "../../embedded/connects.ts";
import { eventually } from "../../embedded/instance.ts";
import { machine, service, web } from "../../embedded/machines.ts";
import { answers, becomes, bootMs, conditionPath, launcherSelector, stopMs } from "../facts.ts";
import type { Scenario, Target } from "../target.ts";

/** The resident's neighbour in a container, from which everything is fetched. */
const fetcher = "deploy/neighbour";

/** A connection to this port of its guest is what `probed` waits for before it has a page to show. */
const toldPort = 9;

export const seeds: Scenario[] = [
  {
    name: "a container reaches a machine by its name",
    async play(target) {
      await target.apply(web("neighbour"), service("neighbour", { app: "neighbour" }));
      await target.kubectl("wait", "--for=condition=Available", fetcher, "--timeout=180s");
      return fetched(target, "resident", "hostname");
    },
  },
  {
    name: "a machine reaches a container by its name",
    async play(target) {
      const runcmd = [`for i in 1 2 3 4 5 6 7 8 9; do wget -q -O /www/got http://neighbour/ && break; sleep 2; done`];
      return boot(target, { name: "asking", runcmd }, "got");
    },
  },
  {
    name: "cloud-init by ConfigDrive",
    play: async (target) =>
      boot(target, { name: "drive", seed: "cloudInitConfigDrive", runcmd: ["hostname > /www/hostname"] }, "hostname"),
  },
  {
    name: "ConfigMap and Secret as disks",
    async play(target) {
      const metadata = { name: "settings" };
      await target.apply(
        { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "a.txt": "from a ConfigMap" } },
        { apiVersion: "v1", kind: "Secret", metadata, stringData: { "b.txt": "from a Secret" } },
      );
      const runcmd = ["grep -a -o -h 'from a [A-Z][A-Za-z]*' /dev/vdc /dev/vdd > /www/found"];
      const volumes = [
        { name: "map", configMap: { name: "settings" } },
        { name: "key", secret: { secretName: "settings" } },
      ];
      return boot(target, { name: "media", runcmd, volumes }, "found");
    },
  },
  {
    name: "an emptyDisk can be written",
    play: async (target) =>
      boot(
        target,
        {
          name: "scratch",
          volumes: [{ name: "empty", emptyDisk: { capacity: "16Mi" } }],
          runcmd: [
            "echo kept | dd of=/dev/vdc conv=sync; dd if=/dev/vdc bs=5 count=1 > /www/read; cat /sys/block/vdc/size >> /www/read",
          ],
        },
        "read",
      ),
  },
  {
    name: "readiness: a probe decides whether Services lead to it",
    async play(target) {
      const untilTold = `(nc -l -p ${toldPort} </dev/null; echo here >/www/index.html) >/dev/null 2>&1 &`;
      const manifest = machine({ name: "probed", runcmd: [untilTold] }) as {
        spec: { template: { spec: object } };
      };
      Object.assign(manifest.spec.template.spec, {
        readinessProbe: {
          httpGet: { port: 80, path: "/" },
          periodSeconds: 1,
          initialDelaySeconds: 1,
          timeoutSeconds: 10,
        },
      });
      await target.apply(manifest, service("probed"));
      await becomes(target, "vmi/probed", conditionPath("AgentConnected"), "True");
      assert.equal(await target.fieldOf("vmi/probed", conditionPath("Ready")), "False");
      const address = await target.fieldOf("vmi/probed", ".status.interfaces[0].ipAddress");
      const tell = async () => (await connects(address, toldPort)) || undefined;
      await eventually(`${target.name}: the guest is told to serve`, stopMs, tell);
      await target.kubectl("wait", "--for=condition=Ready", "vmi/probed", `--timeout=${bootMs / 1000}s`);
      await fetched(target, "probed", "");
      return await remove(target, "probed");
    },
  },
];

type Options = Parameters<typeof machine>[0];

/** Boots a machine, fetches what it publishes, and removes it. */
async function boot(target: Target, options: Options, path: string): Promise<string> {
  const { name } = options;
  await target.apply(machine(options), service(name));
  await answers(target, name);
  const text = await fetched(target, name, path);
  assert.notEqual(text, "");
  await remove(target, name);
  return text;
}

async function fetched(target: Target, host: string, path: string): Promise<string> {
  const command = ["exec", fetcher, "--", "timeout", "5", "wget", "-q", "-O", "-", `http://${host}/${path}`];
  return eventually(
    `${target.name}: http://${host}/${path}`,
    bootMs,
    async () => {
      const { status, stdout } = await target.tryKubectl(command);
      return status === 0 ? stdout.trim() : undefined;
    },
    async () => {
      const selector = `!none,${launcherSelector(host)}`;
      return (await target.tryKubectl(["get", "svc,endpoints,vmi,pods", "-o", "wide", "-l", selector])).stdout;
    },
  );
}

async function remove(target: Target, name: string): Promise<string> {
  return (await target.kubectl("delete", `vm/${name}`, `svc/${name}`, "--timeout=180s")).trim();
}
