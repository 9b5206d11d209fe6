/**
 * The control plane: a machine of its own beside the nodes, to whose bridge the nodes and the host are connected. It runs a
 * kube-proxy too, so that the API server reaches Services by their addresses (webhooks, aggregated API servers), and so does the
 * host, which routes them here.
 */
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import { messageOf } from "../../src/base/errors.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { type Machine, shellIn, startDaemon, startMachine, untilDaemon } from "./machine.ts";
import { type ClusterPlan, kubeconfigOf, pkiDir } from "./plan.ts";
import { proxyArgv } from "./proxy.ts";

export interface ControlPlaneOptions {
  plan: ClusterPlan;
  /** Where kube-apiserver and the others are. */
  binDir: string;
  /** How long a node may be silent until it counts as not ready. */
  nodeMonitorGraceSeconds: number;
  /** How long pods stay on a node that is not ready. */
  evictionSeconds: number;
}

const prefixLength = 24;

export async function bootControlPlane(plan: ClusterPlan): Promise<Machine> {
  const machine = await startMachine({ name: "control-plane", setup: renderSetup(plan), plan });
  for (const command of hostCommands(plan, machine.init.pid)) await exec(command.split(" "));
  await shellIn(machine, ["ip link set host master br0", "ip link set host up"]);
  return machine;
}

function renderSetup(plan: ClusterPlan): string[] {
  const resolvConf = join(plan.dir, "control-plane", "resolv.conf");
  return [
    "ip link add br0 type bridge",
    `ip address add ${plan.controlPlaneIp}/${prefixLength} dev br0`,
    "ip link set br0 up",
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
    ...plan.nodes.map(({ podCidr, ip }) => `ip route add ${podCidr} via ${ip}`),
    // A route must be found before kube-proxy's rules name the real destination.
    `ip route add ${plan.serviceCidr} dev br0`,
    // Names outside of the cluster: refused at once instead of asked of servers that cannot be reached.
    `echo nameserver 127.0.0.1 >${resolvConf}`,
    `mount --bind ${resolvConf} /etc/resolv.conf`,
  ];
}

/** The host's only link, and its ways to nodes, pods and Services. */
export function hostCommands(plan: ClusterPlan, controlPlanePid: number): string[] {
  return [
    `ip link add ${plan.name} type veth peer name host netns ${controlPlanePid}`,
    `ip address add ${plan.hostIp}/${prefixLength} dev ${plan.name}`,
    `ip link set ${plan.name} up`,
    ...plan.nodes.map(({ podCidr, ip }) => `ip route replace ${podCidr} via ${ip}`),
    `ip route replace ${plan.serviceCidr} via ${plan.controlPlaneIp}`,
  ];
}

export function startEtcd(machine: Machine, { plan, binDir }: ControlPlaneOptions): void {
  startDaemon(machine, plan, "etcd", [join(binDir, "etcd"), ...etcdFlags(plan)]);
}

const etcdUrl = ({ etcdPort }: ClusterPlan): string => `https://127.0.0.1:${etcdPort}`;

export function etcdFlags(plan: ClusterPlan): string[] {
  const pki = pkiDir(plan);
  const peerUrl = `http://127.0.0.1:${plan.etcdPort + 1}`;
  return [
    `--data-dir=${join(plan.dir, "etcd")}`,
    `--listen-client-urls=${etcdUrl(plan)}`,
    `--advertise-client-urls=${etcdUrl(plan)}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    `--cert-file=${pki}/etcd.crt`,
    `--key-file=${pki}/etcd.key`,
    "--client-cert-auth",
    `--trusted-ca-file=${pki}/etcd/ca.crt`,
    "--logger=zap",
  ];
}

export async function startApiserver(machine: Machine, options: ControlPlaneOptions): Promise<void> {
  const { plan, binDir } = options;
  const daemon = startDaemon(machine, plan, "apiserver", [join(binDir, "kube-apiserver"), ...apiserverFlags(options)]);
  await untilDaemon(daemon, () => answersReady(plan), 180_000);
}

export function apiserverFlags({
  plan,
  evictionSeconds,
}: Pick<ControlPlaneOptions, "plan" | "evictionSeconds">): string[] {
  const pki = pkiDir(plan);
  const issuer = `https://kubernetes.default.svc.${plan.clusterDomain}`;
  return [
    `--etcd-servers=${etcdUrl(plan)}`,
    `--etcd-cafile=${pki}/etcd/ca.crt`,
    `--etcd-certfile=${pki}/etcd-client.crt`,
    `--etcd-keyfile=${pki}/etcd-client.key`,
    "--bind-address=0.0.0.0",
    `--advertise-address=${plan.controlPlaneIp}`,
    `--secure-port=${plan.apiPort}`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca/ca.crt`,
    `--kubelet-client-certificate=${pki}/kubelet-client.crt`,
    `--kubelet-client-key=${pki}/kubelet-client.key`,
    `--kubelet-certificate-authority=${pki}/ca/ca.crt`,
    "--kubelet-preferred-address-types=InternalIP",
    `--service-cluster-ip-range=${plan.serviceCidr}`,
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    `--service-account-issuer=${issuer}`,
    `--api-audiences=${issuer}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
    `--default-not-ready-toleration-seconds=${evictionSeconds}`,
    `--default-unreachable-toleration-seconds=${evictionSeconds}`,
    `--requestheader-client-ca-file=${pki}/front-proxy/ca.crt`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-username-headers=X-Remote-User",
    `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pki}/front-proxy-client.key`,
    "--enable-aggregator-routing=true",
    "--profiling=false",
  ];
}

async function answersReady(plan: ClusterPlan): Promise<boolean> {
  const client = createClient(await loadKubeconfig(kubeconfigOf(plan, "admin")));
  try {
    (await client.open("/readyz", { signal: AbortSignal.timeout(5_000) })).destroy();
    return true;
  } catch (error) {
    messageOf(error); // not listening yet, or some of its parts are still starting
    return false;
  } finally {
    client.close();
  }
}

export function startControllers(machine: Machine, options: ControlPlaneOptions): void {
  const { plan, binDir } = options;
  startDaemon(machine, plan, "controller-manager", [
    join(binDir, "kube-controller-manager"),
    ...controllerManagerFlags(options),
  ]);
  startDaemon(machine, plan, "scheduler", [join(binDir, "kube-scheduler"), ...authenticatedBy(plan, "scheduler")]);
  startDaemon(machine, plan, "kube-proxy", proxyArgv(plan, binDir, { name: machine.name, ip: plan.controlPlaneIp }));
}

function controllerManagerFlags({ plan, nodeMonitorGraceSeconds }: ControlPlaneOptions): string[] {
  const pki = pkiDir(plan);
  return [
    ...authenticatedBy(plan, "controller-manager"),
    "--controllers=*,bootstrapsigner,tokencleaner",
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${pki}/sa.key`,
    `--root-ca-file=${pki}/ca/ca.crt`,
    `--cluster-signing-cert-file=${pki}/ca/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca/ca.key`,
    `--client-ca-file=${pki}/ca/ca.crt`,
    `--requestheader-client-ca-file=${pki}/front-proxy/ca.crt`,
    `--flex-volume-plugin-dir=${plan.dir}/volume-plugins`,
    "--node-monitor-period=1s",
    `--node-monitor-grace-period=${nodeMonitorGraceSeconds}s`,
  ];
}

/** One of each, so nobody to elect. */
function authenticatedBy(plan: ClusterPlan, identity: string): string[] {
  const kubeconfig = kubeconfigOf(plan, identity);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    "--port=0",
    "--leader-elect=false",
  ];
}
