/** The guest for machines of 64 MiB: built only for those who ask for it, and brought into a running instance. */
import { join } from "node:path";
import { cacheDir } from "../fixtures/cache.ts";
import { buildImages } from "../../images/build-images.ts";
import { exec } from "../../src/base/exec.ts";
import type { TestInstance } from "./instance.ts";

export const tinyGuestImage = "localhost/vmpod/guest-tiny:latest";
export const tinyMemory = "64Mi";

export async function importTinyGuest({ runDir }: TestInstance): Promise<void> {
  const socket = join(runDir, "containerd/containerd.sock");
  for (const { tarPath } of await buildImages({ cacheDir, only: ["guest-tiny"] })) {
    await exec(["ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", tarPath]);
  }
}
