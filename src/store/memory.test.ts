import { testStoreConformance } from "./conformance.ts";
import { createMemoryStore } from "./memory.ts";
import { testStoreProperties } from "./properties.ts";

testStoreConformance("memory store", { open: async () => createMemoryStore() });
testStoreProperties("memory store", { open: async () => createMemoryStore(), runs: 200 });
