/** The flags that choose and shape an embedded instance; the same for up, down, status and doctor. */
import { Command, Option } from "commander";
import { defaultInstance, type Instance, pathsOf } from "../base/instance.ts";
import { formatCpuSet, parseCpuSet } from "../base/cpu-set.ts";
import { parseIpv6Network } from "../base/ipv6.ts";
import { hostHasIpv6, ownIpv6Prefix } from "../network/host-ipv6.ts";
import { readState } from "../embedded/state-file.ts";
import { port } from "./flags.ts";

export interface InstanceFlags {
  name: string;
  dataDir: string;
  runDir: string;
  bindAddress: string;
  apiPort: string;
  kubeletPort: string;
  vmPort: string;
  nodeName: string;
  podCidr: string;
  serviceCidr: string;
  ipv6Prefix: string;
  cpuManagerPolicy: Instance["cpuManagerPolicy"];
  reservedCpus: string;
}

/** Where an instance lives: enough for the commands that look at one or end it. */
export function addLocationFlags(command: Command): Command {
  return command
    .addOption(new Option("--data-dir <dir>", "objects, disks, images, certificates").default(defaultInstance.dataDir))
    .addOption(new Option("--run-dir <dir>", "sockets, pid files, logs").default(defaultInstance.runDir));
}

export function addInstanceFlags(command: Command): Command {
  return addLocationFlags(command)
    .option("--name <name>", "stem of the bridge, nft table and cgroup on the host", defaultInstance.name)
    .option("--bind-address <ip>", "where the API listens", defaultInstance.bindAddress)
    .option("--api-port <port>", "port of the API", String(defaultInstance.apiPort))
    .option("--kubelet-port <port>", "port of the node's kubelet API", String(defaultInstance.kubeletPort))
    .option("--vm-port <port>", "port of the node's VM API", String(defaultInstance.vmPort))
    .option("--node-name <name>", "name of the node", defaultInstance.nodeName)
    .option("--pod-cidr <cidr>", "addresses of pods", defaultInstance.podCidr)
    .option("--service-cidr <cidr>", "addresses of Services", defaultInstance.serviceCidr)
    .option("--ipv6-prefix <prefix>", "of their IPv6 addresses: a /48, none, or auto: one of its own", "auto")
    .addOption(
      new Option("--cpu-manager-policy <policy>", "static: processors of their own for who asks for whole ones")
        .choices(["none", "static"])
        .default(defaultInstance.cpuManagerPolicy),
    )
    .option("--reserved-cpus <list>", "with static, processors that stay everyone's", defaultInstance.reservedCpus);
}

/** @throws when a flag has no usable value, naming flag, value and what would do */
export function instanceFrom(flags: InstanceFlags): Instance {
  return {
    name: checked("--name", flags.name, /^[a-z][a-z0-9]{0,9}$/, "up to 10 lower-case letters and digits"),
    dataDir: checked("--data-dir", flags.dataDir, /^\/[^:]*$/, "an absolute path"),
    runDir: checked("--run-dir", flags.runDir, /^\/[^:]*$/, "an absolute path"),
    bindAddress: flags.bindAddress,
    apiPort: port("--api-port", flags.apiPort),
    kubeletPort: port("--kubelet-port", flags.kubeletPort),
    vmPort: port("--vm-port", flags.vmPort),
    nodeName: checked("--node-name", flags.nodeName, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "a DNS name in lower case"),
    podCidr: cidr("--pod-cidr", flags.podCidr),
    serviceCidr: cidr("--service-cidr", flags.serviceCidr),
    ipv6Prefix: ipv6Prefix(flags),
    clusterDomain: defaultInstance.clusterDomain,
    cpuManagerPolicy: flags.cpuManagerPolicy,
    reservedCpus: cpuList("--reserved-cpus", flags.reservedCpus),
  };
}

/** The instance as it was brought up, else as the flags describe it. */
export function existingInstance(flags: Pick<InstanceFlags, "dataDir" | "runDir">): Instance {
  const described = { ...defaultInstance, ...flags };
  return readState(pathsOf(described).instanceFile)?.instance ?? described;
}

function checked(flag: string, value: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(value)) throw new Error(`${flag} ${value}: must be ${expected}`);
  return value;
}

function cpuList(flag: string, value: string): string {
  const cpus = parseCpuSet(value);
  if (cpus === undefined || cpus.length === 0)
    throw new Error(`${flag} ${value}: must be a list of processors, at least one, e.g. 0 or 0-1,4`);
  return formatCpuSet(cpus);
}

function ipv6Prefix(flags: InstanceFlags): string {
  const { ipv6Prefix: value } = flags;
  if (value === "none") return "";
  if (value === "auto") return hostHasIpv6() ? ownIpv6Prefix(`${flags.name} ${flags.nodeName} ${flags.podCidr}`) : "";
  if (parseIpv6Network(value) === undefined || !value.endsWith("/48"))
    throw new Error(`--ipv6-prefix ${value}: must be auto, none, or an IPv6 range of /48, e.g. fd12:3456:789a::/48`);
  return value;
}

function cidr(flag: string, value: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(value);
  const [a, b, c, d, prefix] = (match?.slice(1) ?? []).map(Number);
  const isValid = [a, b, c, d].every((octet) => octet !== undefined && octet < 256) && prefix !== undefined;
  if (!isValid || prefix < 8 || prefix > 24)
    throw new Error(`${flag} ${value}: must be an IPv4 range with a prefix of 8 to 24, e.g. 10.42.0.0/16`);
  return value;
}
