import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { TerminalError } from "../../base/errors.ts";
import { ImageService } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import { aPod, mainContainer } from "../pods/fixture.ts";
import { newPodMemory } from "../pods/memory.ts";
import { ensureImage } from "./ensure-image.ts";

test("an image that takes long is not waited for when its pod is deleted, and nobody is told of a failure", async () => {
  let isGivenUp = false;
  const transport = createRouterTransport(({ service }) => {
    service(ImageService, {
      imageStatus: () => ({}),
      pullImage: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            isGivenUp = true;
            reject(signal.reason as Error);
          });
        }),
    });
  });
  const warnings: string[] = [];
  const context = {
    cri: { images: createClient(ImageService, transport) },
    events: { normal: () => undefined, warning: (_: unknown, reason: string) => warnings.push(reason) },
  } as unknown as KubeletContext;
  const memory = newPodMemory();
  const ensured = ensureImage(context, aPod(), { ...mainContainer, image: "registry/slow:1" }, memory);
  await delay(10);
  memory.deleted.abort();
  await assert.rejects(ensured, (error) => error instanceof TerminalError && error.reason === "PodDeleted");
  assert.deepEqual([isGivenUp, warnings], [true, []]);
});
