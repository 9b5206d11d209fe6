/** Whether this machine can give its pods IPv6 addresses, and which. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isErrno } from "../base/files.ts";

/** The kernel speaks IPv6, it is not switched off, and nftables translates its addresses. */
export function hostHasIpv6(): boolean {
  return isSwitchedOn("all") && isSwitchedOn("default") && translates();
}

function isSwitchedOn(interfaces: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${interfaces}/disable_ipv6`, "utf8").trim() === "0";
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

/** The kernel judges the rules and loads none. Without nft vmpod does not run at all, and `vmpod doctor` says so. */
function translates(): boolean {
  const input = "table ip6 vmpod-probe { chain c { type nat hook postrouting priority srcnat; masquerade; }; }";
  return spawnSync("nft", ["--check", "--file", "-"], { input, timeout: 10_000 }).status === 0;
}

/** A unique local prefix (RFC 4193) that follows from the text, e.g. `fd12:3456:789a::/48`. */
export function ownIpv6Prefix(text: string): string {
  const [a, b, c] =
    createHash("sha256")
      .update(text)
      .digest("hex")
      .slice(0, 10)
      .match(/^(..)(....)(....)$/)
      ?.slice(1) ?? [];
  const group = (hex = "0"): string => Number.parseInt(hex, 16).toString(16);
  return `fd${a}:${group(b)}:${group(c)}::/48`;
}
