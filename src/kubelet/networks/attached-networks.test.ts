import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { networksAnnotation } from "../../../api/network-attachments.ts";
import { PodSandboxState, RuntimeService } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import { aPod } from "../pods/fixture.ts";
import { podDir } from "../pods/paths.ts";
import { attachNetworks } from "./attached-networks.ts";

const rootDir = await mkdtemp(join(tmpdir(), "vmpod-networks-"));
after(() => rm(rootDir, { recursive: true }));
const notes = join(podDir(rootDir, "u"), "networks");

const transport = createRouterTransport(({ service }) => {
  service(RuntimeService, {
    podSandboxStatus: ({ podSandboxId }) => ({
      status: {
        state: podSandboxId === "new" ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY,
      },
    }),
  });
});
const context = { rootDir, cri: { runtime: createClient(RuntimeService, transport) } } as unknown as KubeletContext;

/** A network that needs no plugin to go. */
async function note(sandboxId: string): Promise<void> {
  await mkdir(notes, { recursive: true });
  const target = { sandboxId, netnsPath: "/nonexistent", interface: "net1" };
  await writeFile(join(notes, `${sandboxId}_net1.json`), JSON.stringify({ target, plugins: [], given: {} }));
}

test("who comes late for a sandbox that has died takes nothing from the one that has followed it", async () => {
  for (const sandbox of ["new", "older"]) await note(sandbox);
  const pod = aPod({}, {}, { annotations: { [networksAnnotation]: "lan" } });
  await assert.rejects(attachNetworks(context, pod, "old"), /has no network namespace/);
  assert.deepEqual(await readdir(notes), ["new_net1.json"], "what is gone is still given back");
});
