/** Random programs against a store and against a model that is too simple to be wrong. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "../base/property.fixture.ts";
import { createMemoryStore } from "./memory.ts";
import { openSqliteStore } from "./sqlite.ts";
import { CompactedError, type Store, type StoredValue } from "./store.ts";

type Command =
  | { do: "create" | "update" | "updateStale" | "delete"; key: string; value: string }
  | { do: "compact"; back: number };

const keys = fc.constantFrom("/a/1", "/a/2", "/a/3", "/a/33", "/b/1", "/b");
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom("create" as const, "update" as const, "updateStale" as const, "delete" as const),
        key: keys,
        value: fc.string(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), back: fc.nat(10) }) },
  ),
  { maxLength: 60 },
);

/** Every state that ever was: `states[r]` is the content at revision r. */
interface Model {
  states: Map<string, StoredValue>[];
  compacted: number;
}

let directory = "";
let files = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-store-"));
});
after(() => rm(directory, { recursive: true }));

testStoreProperties("memory store", { open: async () => createMemoryStore(), runs: 300 });
testStoreProperties("sqlite store", { open: () => openSqliteStore(join(directory, `${files++}.db`)), runs: 15 });

function testStoreProperties(name: string, under: { open: () => Promise<Store>; runs: number }): void {
  describe(`${name}: properties`, () => {
    it("agrees with the model at every revision", async () => {
      await fc.assert(
        fc.asyncProperty(commands, async (program) => {
          const store = await under.open();
          const model: Model = { states: [new Map()], compacted: 0 };
          for (const command of program) await step(store, model, command);
          await compare(store, model);
          await store.close();
        }),
        { numRuns: under.runs },
      );
    });

    it("list + watch never misses or repeats a write, under concurrent writers and compaction", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(commands, { minLength: 2, maxLength: 4 }),
          fc.nat(30),
          async (writers, startAfter) => {
            const store = await under.open();
            const abort = new AbortController();
            const writing = Promise.all(writers.map((program) => write(store, program)));
            for (let turn = 0; turn < startAfter; turn++) await Promise.resolve();
            const mirror = reflect(store, "/a", abort.signal);
            await writing;
            const settled = await store.create("/a/end", "");
            await mirror.reached(settled);
            assert.deepEqual(mirror.content(), (await store.list("/a")).items);
            abort.abort();
            await store.close();
          },
        ),
        { numRuns: under.runs },
      );
    });
  });
}

async function step(store: Store, model: Model, command: Command): Promise<void> {
  const state = model.states.at(-1) as Map<string, StoredValue>;
  const revision = model.states.length;
  if (command.do === "compact") {
    model.compacted = Math.max(model.compacted, revision - 1 - command.back);
    return store.compact(Math.max(0, revision - 1 - command.back));
  }
  const { key, value } = command;
  const existing = state.get(key);
  const next = new Map(state);
  if (command.do === "create") {
    if (existing) return assert.rejects(store.create(key, value));
    assert.equal(await store.create(key, value), revision);
    next.set(key, { key, value, revision, createRevision: revision });
  } else if (!existing || command.do === "updateStale") {
    return assert.rejects(
      command.do === "delete" ? store.delete(key) : store.update(key, value, existing ? existing.revision + 1 : 1),
    );
  } else if (command.do === "update") {
    assert.equal(await store.update(key, value, existing.revision), revision);
    next.set(key, { key, value, revision, createRevision: existing.createRevision });
  } else {
    assert.deepEqual(await store.delete(key), { revision, previous: existing });
    next.delete(key);
  }
  model.states.push(next);
}

async function compare(store: Store, model: Model): Promise<void> {
  for (const [revision, state] of model.states.entries()) {
    if (revision < model.compacted) {
      await assert.rejects(store.list("/", { revision }), CompactedError);
      continue;
    }
    for (const prefix of ["/", "/a/", "/b", "/a/3"]) {
      const expected = [...state.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      assert.deepEqual((await store.list(prefix, { revision })).items, expected);
      assert.deepEqual(await readInPages(store, prefix, revision), expected);
    }
  }
}

async function readInPages(store: Store, prefix: string, revision: number): Promise<StoredValue[]> {
  const items: StoredValue[] = [];
  for (;;) {
    const page = await store.list(prefix, { revision, limit: 2, after: items.at(-1)?.key });
    items.push(...page.items);
    if (page.remaining === 0) return items;
  }
}

/** A writer that loses races, and does not mind. */
async function write(store: Store, program: Command[]): Promise<void> {
  for (const command of program) {
    await attempt(store, command).catch((error: unknown) => {
      assert.ok(error instanceof Error && /^(Key|Revision|Future)/.test(error.name), String(error));
    });
  }
}

async function attempt(store: Store, command: Command): Promise<unknown> {
  if (command.do === "compact") return store.compact(Math.max(0, store.currentRevision() - command.back));
  if (command.do === "create") return store.create(command.key, command.value);
  if (command.do === "delete") return store.delete(command.key);
  const current = await store.get(command.key);
  return store.update(command.key, command.value, current?.revision ?? 1);
}

/** A client as Kubernetes has them: list, watch from there, list again when overtaken by compaction. */
function reflect(store: Store, prefix: string, signal: AbortSignal) {
  const content = new Map<string, StoredValue>();
  const goal = Promise.withResolvers<void>();
  let wanted = Number.POSITIVE_INFINITY;
  let revision = -1;

  function arrive(at: number): void {
    revision = at;
    if (revision >= wanted) goal.resolve();
  }

  async function follow(): Promise<void> {
    const list = await store.list(prefix);
    content.clear();
    for (const item of list.items) content.set(item.key, item);
    arrive(list.revision);
    for await (const event of store.watch(prefix, { fromRevision: revision, signal })) {
      if (event.type !== "progress") {
        assert.ok(event.revision > revision, `revision ${event.revision} after ${revision}`);
        const key = event.type === "put" ? event.current.key : event.previous.key;
        assert.deepEqual(event.previous, content.get(key), "each event carries what the one before left");
        if (event.type === "put") content.set(key, event.current);
        else content.delete(key);
      }
      assert.ok(event.revision >= revision);
      arrive(event.revision);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await follow().catch((error: unknown) => {
        if (!(error instanceof CompactedError)) throw error;
      });
    }
  }

  run().catch((error: unknown) => goal.reject(error));

  return {
    content: () => [...content.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    reached(target: number): Promise<void> {
      wanted = target;
      arrive(revision);
      return goal.promise;
    },
  };
}
