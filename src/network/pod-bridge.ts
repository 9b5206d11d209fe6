/** The bridge of the pod network, made before the first pod so that DNS and the API have their address from the start. */
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { exec } from "../base/exec.ts";
import { CommandError } from "../base/errors.ts";
import { readTextIfThere } from "../base/files.ts";
import { nthAddress } from "../base/instance.ts";

export interface PodBridge {
  name: string;
  /** One for each family that pods have. The first address of each is the bridge's own. */
  podCidrs: readonly string[];
  serviceCidrs: readonly string[];
}

const ipForward = "/proc/sys/net/ipv4/ip_forward";
const ipv6Interfaces = "/proc/sys/net/ipv6/conf";
const ipv6Forward = `${ipv6Interfaces}/all/forwarding`;

/** Whether the kernel can pass bridged packets through nftables (br_netfilter). */
export function bridgeFilterAvailable(): boolean {
  return existsSync("/proc/sys/net/bridge/bridge-nf-call-iptables");
}

/** Idempotent. IPv6 is shown to nftables too, so that it cannot pass unseen. The Service network is routed to the bridge so that the host reaches it without a default route. */
export async function ensurePodBridge(bridge: PodBridge): Promise<void> {
  if (!(await linkExists(bridge.name))) await exec(["ip", "link", "add", bridge.name, "type", "bridge"]);
  await exec(["ip", "link", "set", bridge.name, "up"]);
  if (bridgeFilterAvailable())
    await exec([
      "ip",
      "link",
      "set",
      bridge.name,
      "type",
      "bridge",
      ...["nf_call_iptables", "1"],
      ...["nf_call_ip6tables", "1"],
    ]);
  for (const [index, podCidr] of bridge.podCidrs.entries())
    await giveFamily(bridge, podCidr, bridge.serviceCidrs[index]);
}

async function giveFamily({ name }: PodBridge, podCidr: string, serviceCidr: string | undefined): Promise<void> {
  const [address, length] = [nthAddress(podCidr, 1), podCidr.split("/")[1]];
  const isIpv6 = podCidr.includes(":");
  if (isIpv6) await letRouterAdvertisementsIn();
  // Nobody else can have the address, and until that were found out nothing could use it.
  const replace = ["ip", "address", "replace", `${address}/${length}`, "dev", name, ...(isIpv6 ? ["nodad"] : [])];
  await exec(replace);
  if (serviceCidr !== undefined) await exec(["ip", "route", "replace", serviceCidr, "dev", name, "src", address]);
  const forwarding = isIpv6 ? ipv6Forward : ipForward;
  if ((await readFile(forwarding, "utf8")).trim() !== "1") await writeFile(forwarding, "1");
}

/** A host that forwards no longer hears of its own routers, unless its interfaces are told to. */
async function letRouterAdvertisementsIn(): Promise<void> {
  const [asHost, always] = ["1", "2"];
  for (const name of await readdir(ipv6Interfaces)) {
    const path = `${ipv6Interfaces}/${name}/accept_ra`;
    const current = await readTextIfThere(path);
    if (current?.trim() === asHost && name !== "all" && name !== "default") await writeFile(path, always);
  }
}

export async function removePodBridge(name: string): Promise<void> {
  if (await linkExists(name)) await exec(["ip", "link", "delete", name]);
}

async function linkExists(name: string): Promise<boolean> {
  try {
    await exec(["ip", "link", "show", "dev", name]);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
