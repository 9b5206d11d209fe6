/**
 * `vmpod cluster-agent`: what runs as root on each node of a cluster beside its kubelet: the VM node agent, and the devices that guests need
 * as resources. It sees the host's processes (hostPID) and has the kubelet's directory at the same path as the kubelet.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../../base/errors.ts";
import { createLogger, type Logger, setLogLevel } from "../../base/log.ts";
import { createClient } from "../../client/create-client.ts";
import { loadInClusterConfig } from "../../client/in-cluster.ts";
import { offerDevice } from "../../device-plugin/device-plugin.ts";
import { createNodeAgent } from "../../node/node-agent.ts";
import { followKeyPair } from "../../pki/mounted-key-pair.ts";
import { probeKvm } from "../../qemu/probe/probe.ts";
import { port } from "../flags.ts";
import { aborted, untilTerminated } from "../terminate.ts";
import { guestDevices } from "./guest-devices.ts";

const options = {
  "node-name": { type: "string" },
  "node-ip": { type: "string" },
  port: { type: "string", default: "10260" },
  "tls-dir": { type: "string", default: "/etc/vmpod/tls" },
  "kubelet-root": { type: "string", default: "/var/lib/kubelet" },
  "log-level": { type: "string" },
} as const;

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options });
  if (values["log-level"] !== undefined) setLogLevel(values["log-level"]);
  const log = createLogger("agent");
  const signal = untilTerminated();
  const kubeletRoot = values["kubelet-root"];
  const config = await loadInClusterConfig();
  const client = createClient({ ...config, userAgent: "vmpod-agent" });
  const kvm = await probeKvm();
  log.info({ kvm }, kvm.usable ? "guests run on KVM" : `guests run on TCG: ${kvm.reason}`);
  const nodeAgent = createNodeAgent({
    client,
    nodeName: required(values, "node-name"),
    nodeIp: required(values, "node-ip"),
    instance: "vmpod",
    ...(config.namespace !== undefined && { kubeVirtNamespace: config.namespace }),
    kubeletRoot,
    port: port("--port", values.port),
    tls: await followKeyPair(values["tls-dir"], { log, signal }),
    kvm,
    log,
  });
  const devices = await offerDevices(kubeletRoot, kvm.usable, log, signal);
  await nodeAgent.start(signal);
  log.info("the node agent is running");
  await aborted(signal);
  await nodeAgent.withdraw().catch((error: unknown) => log.warn({ error: messageOf(error) }, "not withdrawn"));
  await Promise.all(devices);
  client.close();
  return 0;
}

/** @returns what ends when the signal aborts */
async function offerDevices(
  kubeletRoot: string,
  kvmUsable: boolean,
  log: Logger,
  signal: AbortSignal,
): Promise<Promise<void>[]> {
  const resources = await guestDevices({ directory: join(kubeletRoot, "plugins/vmpod/devices"), kvmUsable });
  return resources.map((resource) => offerDevice({ prefix: "vmpod", resource, log, signal }));
}

function required(values: Record<string, string | undefined>, flag: string): string {
  const value = values[flag];
  if (!value) throw new Error(`--${flag} is missing: the DaemonSet takes it from the pod's own fields`);
  return value;
}
