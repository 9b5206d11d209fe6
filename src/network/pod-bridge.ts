/** The bridge of the pod network, made before the first pod so that DNS and the API have their address from the start. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { exec } from "../base/exec.ts";
import { CommandError } from "../base/errors.ts";

export interface PodBridge {
  name: string;
  /** The bridge's own address, first of the pod network. */
  address: string;
  podCidr: string;
  serviceCidr: string;
}

const ipForward = "/proc/sys/net/ipv4/ip_forward";

/** Whether the kernel can pass bridged packets through nftables (br_netfilter). */
export function bridgeFilterAvailable(): boolean {
  return existsSync("/proc/sys/net/bridge/bridge-nf-call-iptables");
}

/** Idempotent. IPv6 is shown to nftables too, so that it cannot pass unseen. The Service network is routed to the bridge so that the host reaches it without a default route. */
export async function ensurePodBridge(bridge: PodBridge): Promise<void> {
  const prefix = bridge.podCidr.split("/")[1] ?? "16";
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
  await exec(["ip", "address", "replace", `${bridge.address}/${prefix}`, "dev", bridge.name]);
  await exec(["ip", "route", "replace", bridge.serviceCidr, "dev", bridge.name, "src", bridge.address]);
  if ((await readFile(ipForward, "utf8")).trim() !== "1") await writeFile(ipForward, "1");
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
