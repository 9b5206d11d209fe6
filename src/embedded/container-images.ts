/** Gets the images that vmpod brings along into its containerd. */
import { buildImages, type BuiltImage } from "../../images/build-images.ts";
import { type Instance, pathsOf } from "../base/instance.ts";
import { exec } from "../base/exec.ts";

export interface ImageProgress {
  (message: string): void;
}

/** Builds what is missing from Debian's packages; a second call finds everything in the cache. */
export async function provideImages(instance: Instance, onProgress: ImageProgress): Promise<BuiltImage[]> {
  return buildImages({
    cacheDir: pathsOf(instance).images,
    onProgress: ({ name, state }) => {
      if (state === "fetching") onProgress(`fetching Debian packages for the image ${name}`);
      if (state === "building") onProgress(`building the image ${name}`);
    },
  });
}

/** Imports those that containerd does not have. */
export async function importImages(instance: Instance, images: readonly BuiltImage[]): Promise<void> {
  const ctr = ["ctr", "--address", pathsOf(instance).criSocket, "--namespace", "k8s.io"];
  const present = new Set((await exec([...ctr, "images", "list", "--quiet"])).split("\n"));
  const missing = images.filter(({ references }) => references.some((reference) => !present.has(reference)));
  await Promise.all(missing.map(({ tarPath }) => exec([...ctr, "images", "import", tarPath])));
}

export function referenceOf(images: readonly BuiltImage[], name: BuiltImage["name"]): string {
  const image = images.find((each) => each.name === name);
  if (!image) throw new Error(`the image ${name} was not built`);
  return image.reference;
}
