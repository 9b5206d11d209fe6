/**
 * Puts an image into a registry: first the blobs that it lacks, then the manifest, by each tag. An image under a tag is there
 * as a whole or not at all.
 */
import { type Image, manifestType } from "../oci/image.ts";
import { digestOf } from "../oci/layer.ts";
import type { Registry } from "./registry.ts";

export interface PushProgress {
  (event: { digest: string; bytes: number; sent: boolean }): void;
}

/** @param repository path in the registry, e.g. `project/vmpod` */
export async function pushImage(
  registry: Registry,
  repository: string,
  tags: readonly string[],
  image: Image,
  onProgress: PushProgress = () => undefined,
): Promise<void> {
  for (const blob of [...image.layers.map((layer) => layer.blob), image.config]) {
    const digest = digestOf(blob);
    const sent = await pushBlob(registry, repository, digest, blob);
    onProgress({ digest, bytes: blob.length, sent });
  }
  for (const tag of tags) {
    const headers = { "content-type": manifestType };
    const body = new Uint8Array(image.manifest);
    await registry.request("PUT", `/v2/${repository}/manifests/${tag}`, { body, headers, expected: [201] });
  }
}

/** @returns false when the registry has it already */
async function pushBlob(registry: Registry, repository: string, digest: string, blob: Uint8Array): Promise<boolean> {
  const there = await registry.request("HEAD", `/v2/${repository}/blobs/${digest}`, { expected: [200, 404] });
  if (there.status === 200) return false;
  const started = await registry.request("POST", `/v2/${repository}/blobs/uploads/`, { expected: [202] });
  const target = new URL(started.headers.get("location") ?? "", started.url);
  target.searchParams.set("digest", digest);
  const headers = { "content-type": "application/octet-stream" };
  await registry.request("PUT", target, { body: new Uint8Array(blob), headers, expected: [201] });
  return true;
}
