/** Keeps the node's packet filter in step with Services and EndpointSlices. */
import type { Service } from "../../../api/core.ts";
import { services } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { endpointSlices } from "../../../api/discovery.ts";
import { atIntervals } from "../../base/at-intervals.ts";
import { exec } from "../../base/exec.ts";
import { CommandError } from "../../base/errors.ts";
import { keepInStep } from "../../base/keep-in-step.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import { bridgeFilterAvailable } from "../../network/pod-bridge.ts";
import { parseStickyClients, type StickyClients } from "./affinity.ts";
import { renderRuleset, renderTeardown } from "./ruleset.ts";
import { type Backend, type ServicePort, servicePorts } from "./service-ports.ts";

export interface ServiceProxyOptions {
  client: Client;
  /** Name of the nft table. */
  table: string;
  /** The networks of the pods, one for each family that they have. */
  podCidrs: readonly string[];
  log: Logger;
  signal: AbortSignal;
}

/** A burst of changes becomes one transaction. */
const settleMs = 20;
const retryMs = 1_000;
/** Somebody may have removed the table, as a firewall that loads its own rules does. */
const repairEveryMs = 60_000;

/** Resolves when the first rules are in place. */
export async function startServiceProxy(options: ServiceProxyOptions): Promise<void> {
  const { client, log, signal } = options;
  const sources = {
    services: createInformer<Service>(client, services),
    slices: createInformer<EndpointSlice>(client, endpointSlices),
  };
  const synced = Promise.all([sources.services.synced(), sources.slices.synced()]);
  const first = Promise.withResolvers<void>();
  let applied = "";
  let backends: Backend[] = [];

  async function apply(): Promise<void> {
    await synced; // of half of it, rules would refuse what has served since before this start
    const ports = servicePorts(sources.services.list(), sources.slices.list());
    const shape = { ...options, bridgeSeen: bridgeFilterAvailable() };
    const rules = renderRuleset(ports, shape);
    if (rules === applied) return;
    const isSticky = ports.some(({ affinitySeconds }) => affinitySeconds !== undefined);
    const clients = isSticky ? await listStickyClients(options.table) : undefined;
    await exec(["nft", "-f", "-"], { input: clients ? renderRuleset(ports, { ...shape, clients }) : rules });
    applied = rules;
    backends = await forgetGoneUdpBackends(backends, ports);
    first.resolve();
  }

  const onError = (err: unknown) => log.error({ err }, "cannot update the Service rules; trying again");
  const rules = keepInStep({ work: apply, settleMs, retryMs, onError, signal });
  for (const informer of [sources.services, sources.slices] as Informer<Service | EndpointSlice>[]) {
    informer.onChange(rules.changed);
    informer.start(signal);
  }
  rules.changed();
  atIntervals(repairEveryMs, signal, () => {
    applied = "";
    rules.changed();
  });
  await first.promise;
}

export async function removeServiceRules(table: string): Promise<void> {
  await exec(["nft", "-f", "-"], { input: renderTeardown(table) });
}

async function listStickyClients(table: string): Promise<StickyClients> {
  // Declaring the table first lets it be listed in any case.
  await exec(["nft", "add", "table", "inet", table]);
  return parseStickyClients(await exec(["nft", "--json", "list", "table", "inet", table]));
}

/** A UDP "connection" to a backend that is gone would be kept alive by its client for ever. */
async function forgetGoneUdpBackends(before: Backend[], ports: readonly ServicePort[]): Promise<Backend[]> {
  const now = ports.filter((port) => port.protocol === "udp").flatMap((port) => port.backends);
  const gone = before.filter((old) => !now.some((each) => each.address === old.address && each.port === old.port));
  for (const { address, port } of gone) {
    const filter = ["--protonum", "udp", "--reply-src", address, "--reply-port-src", String(port)];
    await exec(["conntrack", "--delete", ...filter]).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error; // conntrack fails when nothing matches
    });
  }
  return now;
}
