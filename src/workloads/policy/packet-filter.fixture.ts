/** Reads the rules as nftables does, as far as those of the policies go: whether a first packet passes `forward`. */
import { BlockList, isIP } from "node:net";
import type { Packet } from "./reference.fixture.ts";

export function passes(ruleset: string, packet: Packet): boolean {
  const lines = ruleset.split("\n").map((line) => line.trim());
  return !lines.includes("chain forward {") || forward(lines, packet);
}

function forward(lines: readonly string[], packet: Packet): boolean {
  for (const rule of block(lines, "chain forward {")) {
    const [, field] = /^(ip6?) saddr/.exec(rule) ?? /^(ip6?) daddr/.exec(rule) ?? [];
    if (field !== undefined && (field === "ip6") !== packet.source.includes(":")) continue;
    const [, own] = /^ip6? saddr \. ip6? daddr @(itself6?) accept$/.exec(rule) ?? [];
    if (own !== undefined) {
      if (element(lines, `set ${own} {`, `${packet.source} . ${packet.destination}`) !== undefined) return true;
    } else if (rule.includes(" vmap @")) {
      const [, side = "", map = ""] = /^ip6? (saddr|daddr) vmap @(\w+)$/.exec(rule) ?? [];
      const found = element(lines, `map ${map} {`, side === "saddr" ? packet.source : packet.destination);
      const chain = found?.split(" : jump ")[1];
      if (chain !== undefined && !returns(lines, chain, packet)) return false;
    } else if (
      !/^(type filter|ct (direction reply|state related) accept|iifname .* (nfproto ipv6 drop|ip6 [sd]addr != \S+ drop|icmpv6 type .* accept)$)/.test(
        rule,
      )
    ) {
      throw new Error(`a rule that this does not know: ${rule}`);
    }
  }
  return true;
}

function returns(lines: readonly string[], chain: string, packet: Packet): boolean {
  for (const rule of block(lines, `chain ${chain} {`)) {
    if (rule === "drop") return false;
    if (holds(rule, packet)) return true;
  }
  throw new Error(`${chain} has no end`);
}

function block(lines: readonly string[], head: string): string[] {
  const from = lines.indexOf(head);
  if (from < 0) throw new Error(`no ${head}`);
  return lines.slice(from + 1, lines.indexOf("}", from));
}

function element(lines: readonly string[], head: string, key: string): string | undefined {
  const [, elements = ""] = /elements = \{ (.*) \}/.exec(block(lines, head).join(" ")) ?? [];
  return elements.split(/,\s*/).find((each) => each === key || each.startsWith(`${key} comment `));
}

/** `MATCH... return` */
function holds(rule: string, packet: Packet): boolean {
  const matches = rule.matchAll(/(?:ip6? (saddr|daddr)|(tcp|udp|sctp) dport) (!= )?(\{ [^}]* \}|\S+) /g);
  let length = 0;
  for (const [text, address, protocol, not, value = ""] of matches) {
    length += text.length;
    const values = value.replace(/^\{ | \}$/g, "").split(", ");
    const isTrue = address
      ? values.some((each) => inNetwork(each, address === "saddr" ? packet.source : packet.destination))
      : protocol === packet.protocol && values.some((each) => inRange(each, packet.port));
    if (isTrue === (not !== undefined)) return false;
  }
  if (rule.slice(length) !== "return") throw new Error(`a rule that this does not know: ${rule}`);
  return true;
}

function inNetwork(network: string, address: string): boolean {
  const family = network.includes(":") ? "ipv6" : "ipv4";
  const [base = "", length = family === "ipv6" ? "128" : "32"] = network.split("/");
  const list = new BlockList();
  list.addSubnet(base, Number(length), family);
  return isIP(address) === isIP(base) && list.check(address, family);
}

function inRange(range: string, port: number): boolean {
  const [first = "", last = first] = range.split("-");
  return port >= Number(first) && port <= Number(last);
}
