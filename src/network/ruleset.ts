/**
 * The nftables rules of one pod, a table for each family that it has: pure text, each applied as one transaction by `nft -f -`.
 *
 * A chain named after the digest of the rules marks what is loaded, so an unchanged ruleset is recognised from
 * `nft -j list chains` alone and never touched again (replacing it would be harmless, but costs a process).
 */
import { createHash } from "node:crypto";
import { metadataAddress, migrationPorts, names, type MasqueradeNetwork, type PortForward } from "./pod-network.ts";
import { formatPortRange, joinedRanges } from "./port-ranges.ts";

export interface Ruleset {
  /** Name of the marker chain. */
  marker: string;
  script: string;
}

export function masqueradeRulesets(network: MasqueradeNetwork): Ruleset[] {
  const { ipv6 } = network;
  return [
    familyRuleset({ ...network, family: "ip" }),
    ...(ipv6 ? [familyRuleset({ ...network, ...ipv6, metadata: false, family: "ip6" })] : []),
  ];
}

/** Of one family, with its addresses. */
interface FamilyNetwork extends MasqueradeNetwork {
  /** As nft calls it. */
  family: "ip" | "ip6";
}

function familyRuleset(network: FamilyNetwork): Ruleset {
  const body = [...prerouting(network), ...output(network), ...postrouting(network), ...metadata(network)];
  const marker = `digest_${createHash("sha256").update(body.join("\n")).digest("hex").slice(0, 16)}`;
  return { marker, script: replaceTable(network.family, [...body, `\tchain ${marker} {`, "\t}"]) };
}

/** Declaring before deleting makes the deletion valid whether or not the table is there. */
function replaceTable(family: string, body: readonly string[]): string {
  const table = `table ${family} ${names.table}`;
  return [table, `delete ${table}`, `${table} {`, ...body, "}", ""].join("\n");
}

/** Into the guest: whatever arrives at the pod but for QEMU itself, or only the listed ports. */
function prerouting(network: FamilyNetwork): string[] {
  return [
    "\tchain prerouting {",
    "\t\ttype nat hook prerouting priority dstnat; policy accept;",
    `\t\tiifname "${network.uplink}" tcp dport { ${Object.values(migrationPorts).join(", ")} } accept`,
    ...portMatches(network.ports).map(
      (match) => `\t\tiifname "${network.uplink}" ${match}dnat to ${network.guestAddress}`,
    ),
    "\t}",
  ];
}

/** The pod's own localhost reaches the guest too: probes and port-forward dial it. No kernel lets ::1 leave a machine. */
function output(network: FamilyNetwork): string[] {
  if (network.family === "ip6") return [];
  return [
    "\tchain output {",
    "\t\ttype nat hook output priority -100; policy accept;",
    ...portMatches(network.ports).map((match) => `\t\tip daddr 127.0.0.1 ${match}dnat to ${network.guestAddress}`),
    "\t}",
  ];
}

function postrouting(network: FamilyNetwork): string[] {
  return [
    "\tchain postrouting {",
    "\t\ttype nat hook postrouting priority srcnat; policy accept;",
    `\t\t${network.family} saddr ${network.guestAddress} oifname "${network.uplink}" masquerade`,
    ...(network.family === "ip"
      ? [`\t\tip saddr 127.0.0.1 oifname "${network.bridge}" snat to ${network.routerAddress}`]
      : []),
    "\t}",
  ];
}

/**
 * Only the guest asks who it is: not the pod's neighbours, nor its other containers. And its answers end at the guest: a
 * container in it, behind another hop, cannot take a token and be it.
 */
function metadata(network: FamilyNetwork): string[] {
  if (!network.metadata) return [];
  const { address } = metadataAddress;
  return [
    "\tchain metadata_in {",
    "\t\ttype filter hook input priority filter; policy accept;",
    `\t\tip daddr ${address} iifname != "${network.bridge}" drop`,
    `\t\tip daddr ${address} ip saddr != ${network.guestAddress} drop`,
    "\t}",
    "\tchain metadata_out {",
    "\t\ttype filter hook output priority filter; policy accept;",
    `\t\tip saddr ${address} ip ttl set 1`,
    "\t}",
  ];
}

/** One match per protocol, or one empty match that lets everything through. */
function portMatches(ports: readonly PortForward[]): string[] {
  if (ports.length === 0) return [""];
  return (["TCP", "UDP", "SCTP"] as const).flatMap((protocol) => {
    const ranges = joinedRanges(ports.filter((port) => port.protocol === protocol));
    if (ranges.length === 0) return [];
    return [`${protocol.toLowerCase()} dport { ${ranges.map(formatPortRange).join(", ")} } `];
  });
}
