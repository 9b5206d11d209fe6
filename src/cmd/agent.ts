/** `vmpod agent`: what runs as root on the node: kubelet, VM node agent, Service rules, network policies, DNS, volume directories. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clusterDnsOf, type Instance, nodeAddressOf, pathsOf, podCidrsOf, serviceCidrsOf } from "../base/instance.ts";
import { parseCpuSet } from "../base/cpu-set.ts";
import { messageOf } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { createClient } from "../client/create-client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { bridgeName } from "../cri/containerd/cni.ts";
import { credentialFiles } from "../embedded/credentials.ts";
import { createKubelet } from "../kubelet/kubelet.ts";
import { ensurePodBridge } from "../network/pod-bridge.ts";
import { createNodeAgent } from "../node/node-agent.ts";
import type { FollowedKeyPair, MountedKeyPair } from "../pki/mounted-key-pair.ts";
import { askMetricsSocket } from "../telemetry/metrics-socket.ts";
import { startClusterDns } from "../workloads/dns/cluster-dns.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import { startVolumeDirectories } from "../workloads/local-volumes/directories.ts";
import { startPolicyEnforcer } from "../workloads/policy/policy-enforcer.ts";
import { startServiceProxy } from "../workloads/proxy/service-proxy.ts";
import { findDevices } from "./devices.ts";
import { requireState } from "./instance-state.ts";
import { reviveSupervisorWhenKilled } from "./supervisor-process.ts";
import { aborted, untilTerminated } from "./terminate.ts";

export async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { "instance-file": { type: "string" } } });
  const { instance } = requireState(values["instance-file"]);
  const log = createLogger("agent");
  const signal = untilTerminated();
  reviveSupervisorWhenKilled(instance, signal);
  const { nodeName, clusterDomain: domain } = instance;
  const podCidrs = podCidrsOf(instance);
  const address = nodeAddressOf(instance);
  const config = await loadKubeconfig(pathsOf(instance).kubeconfig("agent"));
  const client = createClient({ ...config, userAgent: "vmpod-agent" });
  const tls = await serverTls(instance);
  const common = { client, nodeName, nodeIp: address, log };
  const { devices, kvm } = await findDevices();
  log.info({ kvm }, kvm.usable ? "guests run on KVM" : `guests run on TCG: ${kvm.reason}`);

  await ensurePodBridge({ name: bridgeName(instance.name), podCidrs, serviceCidrs: serviceCidrsOf(instance) });
  const policies = startPolicyEnforcer({
    client,
    table: `${instance.name}-policy`,
    bridge: bridgeName(instance.name),
    podCidrs,
    events: createEventRecorder(client, { component: "vmpod-agent", host: nodeName }),
    log,
    signal,
  });
  const kubelet = createKubelet({
    ...common,
    admitAddresses: (pod, addresses) => policies.admit(pod, addresses),
    tls,
    instance: instance.name,
    criSocket: pathsOf(instance).criSocket,
    rootDir: pathsOf(instance).kubelet,
    addressesDir: join(pathsOf(instance).containerdState, "attached-ipam"),
    port: instance.kubeletPort,
    clusterDns: [clusterDnsOf(instance)],
    clusterDomain: domain,
    podCidrs,
    devices,
    ...(instance.cpuManagerPolicy === "static" && { reservedCpus: parseCpuSet(instance.reservedCpus) ?? [] }),
  });
  const nodeAgent = createNodeAgent({
    ...common,
    tls: unchanging({ certificatePem: tls.certificate, keyPem: tls.key, caPem: tls.clientCa }),
    instance: instance.name,
    kubeletRoot: pathsOf(instance).kubelet,
    kvm,
    port: instance.vmPort,
    otherMetrics: () => askMetricsSocket(pathsOf(instance).controllerMetrics),
  });
  startVolumeDirectories({ client, volumesDir: join(instance.dataDir, "volumes"), signal });
  await Promise.all([
    kubelet.start(signal),
    nodeAgent.start(signal),
    startServiceProxy({ client, table: instance.name, podCidrs, log, signal }),
    startClusterDns({ client, domain, address, log, signal }),
  ]);
  log.info({ node: nodeName }, "node services are running");
  await aborted(signal);
  await nodeAgent.withdraw().catch((error: unknown) => log.debug({ error: messageOf(error) }, "not withdrawn"));
  client.close();
  return 0;
}

/** `vmpod up` makes new ones before it starts us. */
function unchanging(pair: MountedKeyPair): FollowedKeyPair {
  return { current: () => pair, onChange: () => undefined };
}

async function serverTls(instance: Instance) {
  const files = credentialFiles(instance);
  const [certificate, key, clientCa] = await Promise.all(
    [files.agentServer.cert, files.agentServer.key, files.ca].map((path) => readFile(path, "utf8")),
  );
  return { certificate: certificate ?? "", key: key ?? "", clientCa: clientCa ?? "" };
}
