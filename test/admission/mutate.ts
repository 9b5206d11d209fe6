/**
 * Manifests that went wrong somewhere: a valid one in which a few places were replaced. What comes instead is of another type, huge, deep,
 * twice there, or named like a part of every JavaScript object.
 */
import fc from "../../src/base/property.fixture.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

interface Change {
  /** Which of the places, of all there are, as a fraction. */
  at: number;
  how: How;
}

type How =
  | { type: "replace"; value: Json }
  | { type: "remove" }
  | { type: "repeat" }
  | { type: "wrap" }
  | { type: "unwrap" }
  | { type: "add"; name: string; value: Json }
  | { type: "swap"; with: number };

const names = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "",
  "a.b",
  "a/b",
  "$ref",
  "ünï",
  "\u0000",
  "name",
];

const numbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324];

const texts = [
  "",
  " ",
  "true",
  "1e999",
  "-1Gi",
  "9".repeat(400),
  "٣Gi",
  "💾",
  "\u202e",
  "\ud800",
  "../../etc/passwd",
  "a,b=c",
  "\n",
  "x".repeat(5000),
  ...names,
];

function deep(levels: number): Json {
  let value: Json = {};
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

/** Own properties of the names too, as JSON.parse makes them. */
function objectOf(name: string, value: Json): Json {
  return JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as Json;
}

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.constantFrom(...numbers),
  fc.integer(),
  fc.constantFrom(...texts),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const value: fc.Arbitrary<Json> = fc.oneof(
  { arbitrary: leaf, weight: 6 },
  { arbitrary: fc.constantFrom<Json>({}, [], [[]], [null], [{}], { a: null }), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 200 }).map(deep), weight: 1 },
  { arbitrary: fc.tuple(fc.constantFrom(...names), leaf).map(([name, each]) => objectOf(name, each)), weight: 2 },
  { arbitrary: leaf.map((each): Json => Array.from({ length: 50 }, () => each)), weight: 1 },
);

const how: fc.Arbitrary<How> = fc.oneof(
  { arbitrary: value.map((each): How => ({ type: "replace", value: each })), weight: 6 },
  {
    arbitrary: fc.constantFrom<How>({ type: "remove" }, { type: "repeat" }, { type: "wrap" }, { type: "unwrap" }),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...names), value)
      .map(([name, each]): How => ({ type: "add", name, value: each })),
    weight: 2,
  },
  {
    arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((other): How => ({ type: "swap", with: other })),
    weight: 2,
  },
);

const change: fc.Arbitrary<Change> = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), how });

/** One to four changes of one of the manifests. */
export function mutated(manifests: readonly Json[]): fc.Arbitrary<Json> {
  return fc
    .tuple(fc.constantFrom(...manifests), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([manifest, changes]) => changes.reduce(apply, structuredClone(manifest)));
}

interface Spot {
  parent: Json[] | { [name: string]: Json };
  key: string | number;
}

function apply(manifest: Json, { at, how }: Change): Json {
  const spots = spotsIn(manifest);
  const spot = spots[Math.min(spots.length - 1, Math.floor(at * spots.length))];
  if (spot === undefined) return manifest;
  const old = read(spot);
  switch (how.type) {
    case "replace":
      write(spot, structuredClone(how.value));
      break;
    case "remove":
      remove(spot);
      break;
    case "repeat":
      if (Array.isArray(spot.parent)) spot.parent.push(structuredClone(old));
      else write(spot, [structuredClone(old), structuredClone(old)]);
      break;
    case "wrap":
      write(spot, [old]);
      break;
    case "unwrap":
      write(spot, (typeof old === "object" && old !== null ? Object.values(old)[0] : undefined) ?? null);
      break;
    case "add":
      if (typeof old === "object" && old !== null && !Array.isArray(old))
        define(old, how.name, structuredClone(how.value));
      break;
    case "swap": {
      const other = spots[Math.min(spots.length - 1, Math.floor(how.with * spots.length))];
      if (other !== undefined) write(spot, structuredClone(read(other)));
    }
  }
  return manifest;
}

/** Every place below the top. */
function spotsIn(value: Json): Spot[] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => {
    const spot: Spot = { parent: value, key };
    return [spot, ...spotsIn(read(spot))];
  });
}

function read({ parent, key }: Spot): Json {
  return Object.getOwnPropertyDescriptor(parent, key)?.value as Json;
}

function write({ parent, key }: Spot, next: Json): void {
  define(parent, key, next);
}

function remove({ parent, key }: Spot): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

function define(object: object, key: string | number, next: Json): void {
  Object.defineProperty(object, key, { value: next, enumerable: true, writable: true, configurable: true });
}
