/**
 * A network on the host like the one in a launcher's pod, but without the pod: bridge, two taps for the two ends of a migration, and the
 * same answers by DHCP. The host is in it, so it reaches the guest directly.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import { dhcpArgv } from "../../src/network/dhcp-argv.ts";
import { endWithParent } from "../../src/qemu/probe/end-with-parent.ts";
import { guestSubnet } from "../../src/network/guest-subnet.ts";

export interface BareNetwork {
  guestAddress: string;
  /** Of the two QEMUs. */
  taps: readonly [string, string];
  stop(): Promise<void>;
}

const bridge = "vmbench0";
const taps = ["vmbench-a", "vmbench-b"] as const;
const subnet = guestSubnet("10.199.0.0/24");

export async function startBareNetwork(guestMac: string): Promise<BareNetwork> {
  await removeLinks();
  await ip("link", "add", bridge, "type", "bridge");
  await ip("address", "add", `${subnet.routerAddress}/${subnet.prefixLength}`, "dev", bridge);
  for (const tap of taps) {
    await ip("tuntap", "add", tap, "mode", "tap");
    await ip("link", "set", tap, "master", bridge, "up");
  }
  await ip("link", "set", bridge, "up");
  const dhcp = await startDhcp(guestMac);
  return {
    guestAddress: subnet.guestAddress,
    taps,
    async stop() {
      await dhcp.stop();
      await removeLinks();
    },
  };
}

async function startDhcp(guestMac: string): Promise<{ stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-bare-dhcp-"));
  const [dnsmasq = "", ...args] = dhcpArgv({
    network: { ...subnet, bridge, guestMac, mtu: 1500 },
    resolver: { servers: [], servers6: [], searchDomains: [] },
    hostname: undefined,
    pidFile: join(directory, "pid"),
  });
  // Who changes their user is not told of our end.
  const asRoot = args.map((flag) => flag.replace(/^--(user|group)=.*/, "--$1=root"));
  const [program = "", ...argv] = [...endWithParent, dnsmasq, "--keep-in-foreground", ...asRoot];
  const child = spawn(program, argv, { stdio: ["ignore", "ignore", "inherit"] });
  await once(child, "spawn");
  return {
    async stop() {
      if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "close");
      rmSync(directory, { recursive: true });
    },
  };
}

/** Also what a run that was killed has left. */
async function removeLinks(): Promise<void> {
  for (const link of [...taps, bridge]) await ip("link", "delete", link).catch(() => undefined);
}

async function ip(...args: string[]): Promise<void> {
  await exec(["ip", ...args]);
}
