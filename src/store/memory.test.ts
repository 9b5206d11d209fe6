import { testStoreConformance } from "./conformance.ts";
import { createMemoryStore } from "./memory.ts";

testStoreConformance("memory store", { open: async () => createMemoryStore() });
