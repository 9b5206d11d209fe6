/**
 * A worker node: kubelet, containerd and kube-proxy in a machine of its own.
 *
 * Seen from inside, everything is where a node has it, which pods with hostPath and hostPID rely on:
 *
 *   /var/lib/kubelet (shared mounts, device-plugins/)   DIR/data/kubelet
 *   /var/lib/containerd                                 DIR/data/containerd
 *   /var/log, with pods/ and containers/                DIR/data/log
 *   /run, with /run/containerd/containerd.sock          DIR/run
 *   /sys                                                the node's own network; the host's cgroups
 *
 * Every pod has its own link to the node (ptp), none is bridged: all its packets pass the node's kube-proxy rules.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { exec } from "../../src/base/exec.ts";
import { renderContainerdConfig } from "../../src/cri/containerd/config.ts";
import { installedPlugins } from "../../src/cri/containerd/start.ts";
import { execIn, type Machine, shellIn, startDaemon, startMachine, untilDaemon } from "./machine.ts";
import { type ClusterPlan, kubeconfigOf, type NodePlan, pkiDir } from "./plan.ts";
import { proxyArgv } from "./proxy.ts";

export interface NodeOptions {
  plan: ClusterPlan;
  node: NodePlan;
  binDir: string;
  controlPlane: Machine;
  pauseImage: string;
  /** Nodes whose kubelet gives processors away; see StartOptions. */
  staticNodes: readonly string[];
}

/** The kubelet sets these for the whole kernel. It gets files of its own in their place, so the host's stay as they are. */
const kubeletSysctls: Record<string, string> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

const inside = { containerd: "/var/lib/containerd", run: "/run/containerd", kubelet: "/var/lib/kubelet" };

export const containerdSocketOf = ({ dir }: NodePlan): string => join(dir, "run/containerd/containerd.sock");

/** Powers the node on: namespaces, network, containerd. What it had on its disks is still there. */
export async function bootNode(options: NodeOptions): Promise<Machine> {
  const { plan, node } = options;
  await makeDirectories(node);
  await makeCgroup(node.cgroup, plan.nodes.length);
  await writeConfiguration(options);
  const machine = await startMachine({ name: node.name, setup: renderSetup(node), plan });
  await connect(machine, options);
  const daemon = startDaemon(machine, plan, "containerd", [
    "containerd",
    "--config",
    join(node.dir, "containerd.toml"),
  ]);
  await untilDaemon(daemon, () => answers(machine));
  return machine;
}

export function startNodeAgents(machine: Machine, { plan, node, binDir, pauseImage }: NodeOptions): void {
  startDaemon(machine, plan, "kubelet", [
    join(binDir, "kubelet"),
    `--config=${join(node.dir, "kubelet.yaml")}`,
    `--kubeconfig=${kubeconfigOf(plan, node.name)}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.ip}`,
    `--root-dir=${inside.kubelet}`,
    `--volume-plugin-dir=${inside.kubelet}/volume-plugins`,
    "--container-runtime=remote",
    `--container-runtime-endpoint=unix://${inside.run}/containerd.sock`,
    `--pod-infra-container-image=${pauseImage}`,
  ]);
  startDaemon(machine, plan, "kube-proxy", proxyArgv(plan, binDir, node));
}

export async function importImage(node: NodePlan, tarPath: string): Promise<void> {
  await exec(["ctr", "--address", containerdSocketOf(node), "--namespace", "k8s.io", "images", "import", tarPath]);
}

async function makeDirectories({ dir }: NodePlan): Promise<void> {
  await rm(join(dir, "run"), { recursive: true, force: true });
  const data = ["kubelet/device-plugins", "containerd", "log", "lib/upper", "lib/work"].map((name) => `data/${name}`);
  for (const name of ["run/containerd/cni", "cgroup", ...data]) await mkdir(join(dir, name), { recursive: true });
  await symlink(installedPlugins, join(dir, "run/containerd/cni-bin"));
  for (const [name, value] of Object.entries(kubeletSysctls)) {
    const file = join(dir, "sysctl", name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${value}\n`);
  }
}

/** In every hierarchy; a cpuset without processors takes no process. */
async function makeCgroup(cgroup: string, nodeCount: number): Promise<void> {
  const mount = "/sys/fs/cgroup";
  const hierarchies = existsSync(join(mount, "cgroup.controllers")) ? [""] : await readdir(mount);
  for (const hierarchy of hierarchies.filter((name) => name !== "unified")) {
    await mkdir(join(mount, hierarchy, cgroup), { recursive: true });
    if (hierarchy === "cpuset") await inheritProcessors(join(mount, hierarchy), cgroup);
    await weigh(join(mount, hierarchy), cgroup, nodeCount);
  }
}

/**
 * A node's pods get processor time as if the machine were theirs alone. Left as they are, the pods of all nodes together have the weight of
 * one thread of what runs outside of any group, such as the API server.
 */
async function weigh(root: string, cgroup: string, nodeCount: number): Promise<void> {
  const shares = 1024 * availableParallelism();
  const weights = [
    [cgroup, shares],
    [dirname(cgroup), shares * nodeCount],
  ] as const;
  for (const [path, weight] of weights) {
    if (existsSync(join(root, path, "cpu.shares"))) await writeFile(join(root, path, "cpu.shares"), String(weight));
    // Its 100 are 1024 of those.
    if (existsSync(join(root, path, "cpu.weight"))) {
      await writeFile(join(root, path, "cpu.weight"), String(Math.round((weight * 100) / 1024)));
    }
  }
}

async function inheritProcessors(root: string, cgroup: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const all = await readFile(join(root, file), "utf8");
    for (const path of [dirname(cgroup), cgroup]) await writeFile(join(root, path, file), all);
  }
}

export function renderSetup({ dir }: NodePlan): string[] {
  return [
    ...Object.keys(kubeletSysctls).map((name) => `mount --bind ${dir}/sysctl/${name} /proc/sys/${name}`),
    `mount --rbind /sys/fs/cgroup ${dir}/cgroup`,
    "mount -t sysfs sysfs /sys",
    `mount --rbind ${dir}/cgroup /sys/fs/cgroup`,
    `umount --lazy ${dir}/cgroup`,
    // An overlay, so that the mount points below need not be made on the host.
    `mount -t overlay overlay -o lowerdir=/var/lib,upperdir=${dir}/data/lib/upper,workdir=${dir}/data/lib/work /var/lib`,
    `mkdir -p ${inside.kubelet} ${inside.containerd}`,
    `mount --bind ${dir}/data/kubelet ${inside.kubelet}`,
    `mount --make-rshared ${inside.kubelet}`,
    `mount --bind ${dir}/data/containerd ${inside.containerd}`,
    `mount --bind ${dir}/data/log /var/log`,
    `mount --bind ${dir}/run /run`,
    `: >${dir}/resolv.conf`,
    `mount --bind ${dir}/resolv.conf /etc/resolv.conf`,
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
  ];
}

async function connect(machine: Machine, { plan, node, controlPlane }: NodeOptions): Promise<void> {
  const [from, to] = [machine.init.pid, controlPlane.init.pid];
  await exec(`ip link add eth0 netns ${from} type veth peer name ${node.name} netns ${to}`.split(" "));
  await shellIn(controlPlane, [`ip link set ${node.name} master br0`, `ip link set ${node.name} up`]);
  const others = plan.nodes.filter(({ name }) => name !== node.name);
  await shellIn(machine, [
    `ip address add ${node.ip}/24 dev eth0`,
    "ip link set eth0 up",
    ...others.map(({ podCidr, ip }) => `ip route add ${podCidr} via ${ip}`),
    // The control plane knows no way out: what is not in the cluster fails at once.
    `ip route add default via ${plan.controlPlaneIp}`,
  ]);
}

async function writeConfiguration({ plan, node, pauseImage, staticNodes }: NodeOptions): Promise<void> {
  const containerd = { rootDir: inside.containerd, stateDir: inside.run, pauseImage };
  await writeFile(join(node.dir, "containerd.toml"), renderContainerdConfig(containerd));
  await writeFile(join(node.dir, "run/containerd/cni/10-pods.conflist"), renderCniConf(node));
  await writeFile(join(node.dir, "kubelet.yaml"), renderKubeletConfig(plan, node, staticNodes.includes(node.name)));
}

export function renderCniConf({ podCidr }: NodePlan): string {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: podCidr }]],
    routes: [{ dst: "0.0.0.0/0" }],
    dataDir: `${inside.run}/ipam`,
  };
  const plugins = [
    { type: "ptp", ipMasq: false, ipam },
    { type: "portmap", capabilities: { portMappings: true } },
  ];
  return JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins });
}

export function renderKubeletConfig(plan: ClusterPlan, node: NodePlan, isStatic: boolean): string {
  const pki = pkiDir(plan);
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node.ip,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pki}/ca/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${pki}/${node.name}.crt`,
    tlsPrivateKeyFile: `${pki}/${node.name}.key`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: node.cgroup,
    // So soon it is seen as Ready, and as gone.
    nodeStatusUpdateFrequency: "1s",
    nodeLeaseDurationSeconds: 20,
    failSwapOn: false,
    // Half a processor is taken from what pods may ask for, and so a whole one from those that are given away.
    ...(isStatic && { cpuManagerPolicy: "static", cpuManagerReconcilePeriod: "1s", kubeReserved: { cpu: "500m" } }),
    makeIPTablesUtilChains: false,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    resolvConf: join(node.dir, "resolv.conf"),
    clusterDNS: [plan.dnsServiceIp],
    clusterDomain: plan.clusterDomain,
  });
}

async function answers(machine: Machine): Promise<boolean> {
  return await execIn(machine, ["ctr", "--address", `${inside.run}/containerd.sock`, "version"], {
    timeoutMs: 5_000,
  }).then(
    () => true,
    () => false,
  );
}
