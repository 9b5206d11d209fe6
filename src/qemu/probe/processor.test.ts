import assert from "node:assert/strict";
import { test } from "node:test";
import { describeProcessor, usableModels } from "./processor.ts";

const model = (name: string, vendor: string, ...features: string[]) => ({
  name,
  props: { vendor, family: 6, lmce: false, ...Object.fromEntries(features.map((feature) => [feature, true])) },
});

test("a model is usable when this machine lacks nothing of it, and is one worth naming", () => {
  const definition = (name: string, ...missing: string[]) => ({ name, "unavailable-features": missing });
  const definitions = [
    definition("max"),
    definition("host"),
    definition("base"),
    definition("qemu64-v1"),
    definition("pentiumpro"),
    definition("Nehalem"),
    definition("Nehalem-v1"),
    definition("Skylake-Client", "avx512f"),
    { name: "Unknown" },
  ];
  assert.deepEqual(usableModels(definitions), ["Nehalem", "Nehalem-v1"]);
});

test("the host's model is the nearest of its maker's", () => {
  const named = new Map([
    ["Nehalem", model("base", "GenuineIntel", "sse", "sse4.2")],
    ["Haswell", model("base", "GenuineIntel", "sse", "sse4.2", "avx2")],
    ["EPYC", model("base", "AuthenticAMD", "sse", "sse4.2", "avx2", "sha-ni")],
  ]);
  const host = model("host", "GenuineIntel", "sse", "sse4.2", "avx2", "ssbd", "kvmclock", "kvm-pv-eoi");
  assert.deepEqual(describeProcessor(host, named), {
    models: ["EPYC", "Haswell", "Nehalem"],
    features: ["avx2", "ssbd", "sse", "sse4.2"],
    vendor: "GenuineIntel",
    hostModel: "Haswell",
    beyondHostModel: ["ssbd"],
  });
});

test("what is emulated is its own model", () => {
  const named = new Map([["Opteron_G2", model("base", "AuthenticAMD", "sse")]]);
  const described = describeProcessor(model("max", "AuthenticAMD", "sse", "avx2"), named);
  assert.deepEqual([described.hostModel, described.beyondHostModel], ["max", []]);
  assert.deepEqual(described.models, ["Opteron_G2"]);
});
