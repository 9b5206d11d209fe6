/** What controllers stand on, against the real API server: leader election and events. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { configMaps, events } from "../../api/core.ts";
import { leases } from "../../api/coordination.ts";
import type { Client } from "../../src/client/client.ts";
import { waitFor, watchUntil } from "../../src/client/wait-for.ts";
import { createEventRecorder } from "../../src/runtime/event-recorder.ts";
import { runLeaderElection } from "../../src/runtime/leader-election.ts";
import { eventually } from "../embedded/instance.ts";
import { type ApiserverProcess, startApiserverProcess } from "./apiserver-process.ts";

const namespace = "default";
const quick = { namespace, leaseDurationMs: 1500, renewDeadlineMs: 1000, retryMs: 200 };
/** A busy machine makes nobody lose it. */
const long = { ...quick, leaseDurationMs: 60_000, renewDeadlineMs: 40_000 };
/** Long enough for the moments between what is compared. */
const measured = { ...quick, leaseDurationMs: 6_000, renewDeadlineMs: 3_000 };
const untilLength = (record: readonly string[], length: number) =>
  eventually(
    `${length} entries`,
    60_000,
    () => record.length >= length || undefined,
    () => record.join(" "),
  );

describe("controllers' common ground", { timeout: 600_000 }, () => {
  let apiserver: ApiserverProcess;
  let client: Client;
  before(async () => {
    apiserver = await startApiserverProcess();
    client = await apiserver.connect();
  });
  after(async () => {
    client.close();
    await apiserver.remove();
  });

  /** A candidate whose time as leader is on the record. */
  function stand(identity: string, name: string, record: string[], timing = quick) {
    const abort = new AbortController();
    const ended = runLeaderElection(client, {
      ...timing,
      name,
      identity,
      signal: abort.signal,
      async lead(signal) {
        record.push(`+${identity}`);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        record.push(`-${identity}`);
      },
    });
    const stop = async () => {
      abort.abort();
      await ended;
    };
    return { stop };
  }

  it("of many candidates one leads; when it leaves, the next does", async () => {
    const record: string[] = [];
    const candidates = ["a", "b", "c"].map((identity) => ({ identity, ...stand(identity, "many", record, long) }));
    for (let left = candidates.length; left > 0; left--) {
      await eventually("somebody leads", 60_000, () => record.at(-1)?.startsWith("+") || undefined);
      const leader = candidates.find(({ identity }) => record.at(-1) === `+${identity}`);
      assert.ok(leader, record.join(" "));
      await leader.stop();
    }
    assert.equal(record.length, 6, record.join(" "));
    for (let i = 0; i < record.length; i += 2) assert.equal(record[i + 1], record[i]?.replace("+", "-"));
    const lease = await client.get(leases, { namespace, name: "many" });
    assert.equal(lease.spec?.leaseTransitions, 2);
    assert.equal(lease.spec?.holderIdentity, "");
  });

  it("a leader that cannot renew stops before anyone else may start", async () => {
    const record: string[] = [];
    const leader = stand("a", "outage", record, measured);
    await untilLength(record, 1);
    const challenger = stand("b", "outage", record, measured);
    const killedAt = Date.now();
    await apiserver.kill();
    while (record.length === 1 && Date.now() - killedAt < measured.leaseDurationMs) await delay(20);
    assert.deepEqual(record, ["+a", "-a"], "later than its lease allows");
    await apiserver.start();
    await untilLength(record, 3);
    await Promise.all([leader.stop(), challenger.stop()]);
  });

  it("a leader whose work goes on after the lease is lost ends with an error, so that its process is started anew", async () => {
    const abort = new AbortController();
    const lead = (): Promise<void> => new Promise(() => undefined);
    const ended = runLeaderElection(client, { ...quick, name: "stuck", identity: "a", signal: abort.signal, lead });
    await waitFor(client, leases, { namespace, name: "stuck" }, (lease) => lease?.spec?.holderIdentity === "a", {
      timeoutMs: 60_000,
    });
    abort.abort();
    await assert.rejects(ended, /the lease stuck is lost, and what its leader did has not ended/);
  });

  it("a leader whose work fails ends with that failure", async () => {
    const failing = { ...quick, name: "failing", identity: "a", signal: new AbortController().signal };
    const ended = runLeaderElection(client, { ...failing, lead: () => Promise.reject(new Error("no disk")) });
    await assert.rejects(ended, /no disk/);
  });

  it("a crashed leader is replaced after its lease ran out", async () => {
    const renewTime = new Date().toISOString().replace("Z", "000Z");
    await client.create(leases, {
      metadata: { namespace, name: "crashed" },
      spec: { holderIdentity: "dead", leaseDurationSeconds: 2, renewTime, acquireTime: renewTime, leaseTransitions: 4 },
    });
    const record: string[] = [];
    const startedAt = Date.now();
    const candidate = stand("alive", "crashed", record);
    await untilLength(record, 1);
    assert.ok(Date.now() - startedAt >= quick.leaseDurationMs);
    assert.equal((await client.get(leases, { namespace, name: "crashed" })).spec?.leaseTransitions, 5);
    await candidate.stop();
  });

  it("equal events are counted on one object, which comes again when it was deleted", async () => {
    const subject = await client.create(configMaps, { metadata: { namespace, name: "subject" } });
    const recorder = createEventRecorder(client, { component: "test-controller", host: "node-1" });
    const mine = { namespace, fieldSelector: "involvedObject.name=subject" };
    for (let i = 0; i < 5; i++) recorder.record(subject, "Warning", "Broken", "it broke");
    recorder.record(subject, "Normal", "Fixed", "it works");
    await recorder.flush();
    recorder.record(subject, "Warning", "Broken", "it broke");
    await recorder.flush();
    const { items } = await client.list(events, mine);
    const broken = items.find((event) => event.reason === "Broken");
    assert.equal(items.length, 2);
    assert.deepEqual([broken?.count, broken?.type, broken?.message], [6, "Warning", "it broke"]);
    assert.deepEqual(broken?.source, { component: "test-controller", host: "node-1" });
    assert.equal(broken?.involvedObject?.uid, subject.metadata?.uid);

    await client.delete(events, { namespace, name: broken?.metadata?.name ?? "" });
    recorder.record(subject, "Warning", "Broken", "it broke");
    await recorder.flush();
    const again = (await client.list(events, mine)).items.filter((event) => event.reason === "Broken");
    assert.deepEqual(
      again.map(({ count }) => count),
      [1],
    );
  });

  it("events recorded while the API server is away arrive when it is back", async () => {
    const subject = await client.create(configMaps, { metadata: { namespace, name: "patient" } });
    const recorder = createEventRecorder(client, { component: "test-controller" });
    await apiserver.kill();
    recorder.record(subject, "Normal", "Recorded", "while nobody listened");
    await delay(300);
    await apiserver.start();
    await recorder.flush();
    const reasons = await watchUntil(client, events, { namespace, timeoutMs: 60_000 }, (all) =>
      all.some((event) => event.involvedObject?.name === "patient") ? all.map(({ reason }) => reason) : undefined,
    );
    assert.ok(reasons.includes("Recorded"));
    await client.delete(configMaps, { namespace, name: "patient" });
    await waitFor(client, configMaps, { namespace, name: "patient" }, (object) => object === undefined, {
      timeoutMs: 60_000,
    });
  });
});
