/** Brings an image that no instance comes with into a running one. */
import { join } from "node:path";
import { buildImages, type ImageName } from "../../images/build-images.ts";
import { exec } from "../../src/base/exec.ts";
import { cacheDir } from "../fixtures/cache.ts";
import type { TestInstance } from "./instance.ts";

export async function importImage({ runDir }: TestInstance, name: ImageName): Promise<void> {
  const socket = join(runDir, "containerd/containerd.sock");
  for (const { tarPath } of await buildImages({ cacheDir, only: [name] })) {
    await exec(["ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", tarPath]);
  }
}
