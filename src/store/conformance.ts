/** What every store must do; run against each implementation by its own test file. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CompactedError,
  FutureRevisionError,
  KeyExistsError,
  KeyNotFoundError,
  RevisionConflictError,
  type Store,
  StoreClosedError,
  type StoreEvent,
} from "./store.ts";

export interface StoreUnderTest {
  open: () => Promise<Store>;
}

export function testStoreConformance(name: string, { open }: StoreUnderTest): void {
  function check(title: string, body: (store: Store) => Promise<void>): void {
    it(title, async () => {
      const store = await open();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });
  }

  describe(`${name}: writes`, () => {
    check("give each write the next revision", async (store) => {
      assert.equal(store.currentRevision(), 0);
      assert.equal(await store.create("/a", "1"), 1);
      assert.equal(await store.create("/b", "1"), 2);
      assert.equal(await store.update("/a", "2", 1), 3);
      assert.equal((await store.delete("/b")).revision, 4);
      assert.equal(store.currentRevision(), 4);
    });

    check("create refuses a key that exists", async (store) => {
      await store.create("/a", "1");
      await assert.rejects(store.create("/a", "2"), KeyExistsError);
      assert.equal((await store.get("/a"))?.value, "1");
      assert.equal(store.currentRevision(), 1);
    });

    check("update keeps the creation and replaces the value", async (store) => {
      await store.create("/other", "");
      await store.create("/a", "1");
      await store.update("/a", "2", 2);
      assert.deepEqual(await store.get("/a"), { key: "/a", value: "2", revision: 3, createRevision: 2 });
    });

    check("update refuses what is missing, and another revision", async (store) => {
      await assert.rejects(store.update("/a", "1", 1), KeyNotFoundError);
      await store.create("/a", "1");
      await assert.rejects(store.update("/a", "2", 7), RevisionConflictError);
      await store.update("/a", "2", 1);
      await assert.rejects(store.update("/a", "3", 1), RevisionConflictError);
    });

    check("delete returns what it removed, and checks the revision if one is given", async (store) => {
      await assert.rejects(store.delete("/a"), KeyNotFoundError);
      await store.create("/a", "1");
      await assert.rejects(store.delete("/a", 9), RevisionConflictError);
      const { previous, revision } = await store.delete("/a", 1);
      assert.deepEqual(previous, { key: "/a", value: "1", revision: 1, createRevision: 1 });
      assert.equal(revision, 2);
      assert.equal(await store.get("/a"), undefined);
      await assert.rejects(store.delete("/a"), KeyNotFoundError);
    });

    check("a deleted key can be created again, as a new one", async (store) => {
      await store.create("/a", "1");
      await store.delete("/a");
      await store.create("/a", "2");
      assert.deepEqual(await store.get("/a"), { key: "/a", value: "2", revision: 3, createRevision: 3 });
    });

    check("of concurrent creates of one key exactly one wins", async (store) => {
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store.create("/a", `${i}`)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") assert.ok(outcome.reason instanceof KeyExistsError);
      }
    });

    check("of concurrent updates from one revision exactly one wins", async (store) => {
      await store.create("/a", "");
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store.update("/a", `${i}`, 1)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal(store.currentRevision(), 2);
    });

    check("are seen by who made them as soon as they are acknowledged", async (store) => {
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const revision = await store.create(`/${i}`, "x");
          assert.equal((await store.get(`/${i}`))?.revision, revision);
          assert.ok(store.currentRevision() >= revision);
        }),
      );
    });

    check("keep values byte for byte", async (store) => {
      const value = `{"text":"ä€😀\\u0000 \\n","empty":""}${"x".repeat(2 << 20)}`;
      await store.create("/ä/😀", value);
      assert.equal((await store.get("/ä/😀"))?.value, value);
      await store.create("/empty", "");
      assert.equal((await store.get("/empty"))?.value, "");
    });

    check("are refused after close", async (store) => {
      await store.close();
      await assert.rejects(store.create("/a", "1"), StoreClosedError);
    });
  });

  describe(`${name}: reads`, () => {
    check("list gives the keys of the prefix in byte order", async (store) => {
      for (const key of ["/a/b", "/a/", "/b/x", "/a/ab", "/a/a", "/a0", "/a/\u{ffff}", "/a/\u{10000}", "/a"]) {
        await store.create(key, key);
      }
      const { items, revision, remaining } = await store.list("/a/");
      assert.deepEqual(
        items.map(({ key }) => key),
        ["/a/", "/a/a", "/a/ab", "/a/b", "/a/\u{ffff}", "/a/\u{10000}"],
      );
      assert.equal(revision, 9);
      assert.equal(remaining, 0);
    });

    check("an empty prefix means everything, an unknown one nothing", async (store) => {
      await store.create("/a", "");
      assert.equal((await store.list("")).items.length, 1);
      assert.deepEqual(await store.list("/b"), { items: [], revision: 1, remaining: 0 });
    });

    check("paging at a revision sees one state, whatever is written meanwhile", async (store) => {
      for (let i = 0; i < 10; i++) await store.create(`/k${i}`, "old");
      const first = await store.list("/k", { limit: 4 });
      assert.deepEqual([first.items.length, first.remaining, first.revision], [4, 6, 10]);
      await store.delete("/k5");
      await store.update("/k6", "new", 7);
      await store.create("/k65", "new");
      await store.create("/j", "outside");
      const second = await store.list("/k", { limit: 4, after: "/k3", revision: first.revision });
      const third = await store.list("/k", { limit: 4, after: "/k7", revision: first.revision });
      const pages = [...first.items, ...second.items, ...third.items];
      assert.deepEqual(
        pages.map(({ key, value }) => `${key}=${value}`),
        Array.from({ length: 10 }, (_, i) => `/k${i}=old`),
      );
      assert.deepEqual([second.remaining, third.remaining], [2, 0]);
      assert.deepEqual(
        (await store.list("/k")).items.map(({ key }) => key),
        ["/k0", "/k1", "/k2", "/k3", "/k4", "/k6", "/k65", "/k7", "/k8", "/k9"],
      );
    });

    check("get at a revision gives the value of then", async (store) => {
      await store.create("/a", "1");
      await store.update("/a", "2", 1);
      await store.delete("/a");
      const values = await Promise.all([0, 1, 2, 3].map(async (revision) => (await store.get("/a", revision))?.value));
      assert.deepEqual(values, [undefined, "1", "2", undefined]);
    });

    check("a revision that is not written yet is refused", async (store) => {
      await store.create("/a", "1");
      await assert.rejects(store.list("/", { revision: 2 }), FutureRevisionError);
      await assert.rejects(store.get("/a", 2), FutureRevisionError);
    });
  });

  describe(`${name}: watch`, () => {
    check("delivers later writes under the prefix once, in order, with what they replaced", async (store) => {
      await store.create("/a/1", "before");
      const events = await collect(store, "/a/", 1, 4, async () => {
        await store.create("/b/1", "elsewhere");
        await store.create("/a/2", "x");
        await store.update("/a/2", "y", 3);
        await store.delete("/a/1");
        await store.create("/a/1", "again");
      });
      assert.deepEqual(events, [
        { type: "put", revision: 3, current: valueOf("/a/2", "x", 3, 3), previous: undefined },
        { type: "put", revision: 4, current: valueOf("/a/2", "y", 4, 3), previous: valueOf("/a/2", "x", 3, 3) },
        { type: "delete", revision: 5, previous: valueOf("/a/1", "before", 1, 1) },
        { type: "put", revision: 6, current: valueOf("/a/1", "again", 6, 6), previous: undefined },
      ]);
    });

    check("replays history from an old revision", async (store) => {
      for (let i = 1; i <= 5; i++) await store.create(`/${i}`, "");
      const events = await collect(store, "/", 2, 3);
      assert.deepEqual(
        events.map(({ revision }) => revision),
        [3, 4, 5],
      );
    });

    check("reports progress when it caught up, and as the revision moves on elsewhere", async (store) => {
      await store.create("/b", "");
      const abort = new AbortController();
      const seen: StoreEvent[] = [];
      for await (const event of store.watch("/a", { fromRevision: 0, signal: abort.signal })) {
        seen.push(event);
        if (seen.length === 1) await store.create("/c", "");
        else abort.abort();
      }
      assert.deepEqual(seen, [
        { type: "progress", revision: 1 },
        { type: "progress", revision: 2 },
      ]);
    });

    check("ends when the signal aborts, and when the store closes", async (store) => {
      const abort = new AbortController();
      const aborted = drain(store.watch("/", { fromRevision: 0, signal: abort.signal }));
      const closed = drain(store.watch("/", { fromRevision: 0, signal: new AbortController().signal }));
      setImmediate(() => abort.abort());
      await aborted;
      setImmediate(() => void store.close());
      await closed;
    });

    check("refuses revisions that are compacted or not written yet", async (store) => {
      for (let i = 1; i <= 5; i++) await store.create(`/${i}`, "");
      await store.compact(3);
      const signal = AbortSignal.timeout(5000);
      await assert.rejects(drain(store.watch("/", { fromRevision: 2, signal })), CompactedError);
      await assert.rejects(drain(store.watch("/", { fromRevision: 6, signal })), FutureRevisionError);
      assert.equal((await collect(store, "/", 3, 2)).length, 2);
    });

    check("a reader that compaction overtakes is told so, others are not disturbed", async (store) => {
      for (let i = 1; i <= 10; i++) await store.create(`/${i}`, "");
      const slow = store.watch("/", { fromRevision: 0, signal: AbortSignal.timeout(5000) })[Symbol.asyncIterator]();
      assert.equal((await slow.next()).value.revision, 1);
      const fast = await collect(store, "/", 0, 10);
      await store.compact(8);
      assert.equal(fast.length, 10);
      await assert.rejects(slow.next(), CompactedError);
    });

    check("serves many watchers at once", async (store) => {
      const watchers = Array.from({ length: 50 }, () => collect(store, "/", 0, 100));
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.create(`/${i}`, "")));
      for (const events of await Promise.all(watchers)) {
        assert.deepEqual(
          events.map(({ revision }) => revision),
          Array.from({ length: 100 }, (_, i) => i + 1),
        );
      }
    });
  });

  describe(`${name}: compaction`, () => {
    check("keeps what is current, refuses what is older", async (store) => {
      await store.create("/a", "1");
      await store.update("/a", "2", 1);
      await store.create("/b", "1");
      await store.update("/a", "3", 2);
      await store.compact(3);
      assert.equal(store.compactedRevision(), 3);
      assert.deepEqual(
        (await store.list("/", { revision: 3 })).items.map(({ key, value }) => key + value),
        ["/a2", "/b1"],
      );
      assert.equal((await store.get("/a"))?.value, "3");
      await assert.rejects(store.list("/", { revision: 2 }), CompactedError);
      await assert.rejects(store.get("/a", 1), CompactedError);
    });

    check("is idempotent, and refuses the future", async (store) => {
      await store.create("/a", "1");
      await store.create("/b", "1");
      await store.compact(2);
      await store.compact(1);
      await store.compact(2);
      assert.equal(store.compactedRevision(), 2);
      await assert.rejects(store.compact(3), FutureRevisionError);
    });

    check("does not give revisions twice", async (store) => {
      await store.create("/a", "1");
      await store.delete("/a");
      await store.compact(2);
      assert.equal(await store.create("/a", "1"), 3);
    });

    check("runs beside writers", async (store) => {
      const writes = Promise.all(Array.from({ length: 200 }, (_, i) => store.create(`/${i}`, "x")));
      for (let i = 0; i < 20; i++) await store.compact(store.currentRevision());
      await writes;
      assert.equal((await store.list("/")).items.length, 200);
      assert.equal(store.currentRevision(), 200);
    });
  });
}

function valueOf(key: string, value: string, revision: number, createRevision: number) {
  return { key, value, revision, createRevision };
}

/** The first `count` writes that a watch from `fromRevision` delivers; `act` runs once the watch is on. */
export async function collect(
  store: Store,
  prefix: string,
  fromRevision: number,
  count: number,
  act?: () => Promise<void>,
): Promise<Exclude<StoreEvent, { type: "progress" }>[]> {
  const abort = new AbortController();
  const events: Exclude<StoreEvent, { type: "progress" }>[] = [];
  let acting: Promise<void> | undefined;
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(10_000)]);
  for await (const event of store.watch(prefix, { fromRevision, signal })) {
    acting ??= act?.() ?? Promise.resolve();
    if (event.type !== "progress") events.push(event);
    if (events.length === count) abort.abort();
  }
  await acting;
  return events;
}

async function drain(events: AsyncIterable<StoreEvent>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}
