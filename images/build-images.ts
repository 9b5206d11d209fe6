/**
 * Builds vmpod's images, or finds them built. An image's tag is the hash of its content; beside each tar a stamp notes the
 * inputs it was made from, so that a run with nothing to do is a few hundred `stat` calls.
 *
 *   CACHE/images/NAME.json (stamp) -> CACHE/images/NAME-TAG.tar
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleImage, contentTag, writeImageTar } from "../src/storage/oci/image.ts";
import { type Layer, packLayer } from "../src/storage/oci/layer.ts";
import { busybox } from "./busybox/recipe.ts";
import { fetchPackages, packageRoot, packageVersions } from "./debian/packages.ts";
import { guest, guestArm, guestTiny } from "./guest/recipe.ts";
import { Inputs, type InputStamp, stampOf, unchanged } from "./inputs.ts";
import { launcher } from "./launcher/recipe.ts";
import { pause } from "./pause/recipe.ts";
import type { Recipe } from "./recipe.ts";
import { vmpod } from "./vmpod/recipe.ts";

export type ImageName = "pause" | "busybox" | "launcher" | "guest" | "guest-tiny" | "guest-arm64" | "vmpod";

export interface BuildOptions {
  /** Packages and finished images are kept here. */
  cacheDir: string;
  /** Default: those that every instance has. */
  only?: readonly ImageName[];
  onProgress?: (progress: BuildProgress) => void;
  signal?: AbortSignal;
}

export interface BuildProgress {
  name: ImageName;
  state: "fetching" | "building" | "built" | "cached";
}

export interface BuiltImage {
  name: ImageName;
  /** `localhost/vmpod/NAME:HASH`. */
  reference: string;
  /** All names the tar carries: `reference`, and for some images the same with `:latest`. */
  references: string[];
  /** An OCI layout, for `ctr images import` or CRI's like. */
  tarPath: string;
  result: "built" | "cached";
}

const recipes: Record<ImageName, Recipe> = {
  pause,
  busybox,
  launcher,
  guest,
  "guest-tiny": guestTiny,
  "guest-arm64": guestArm,
  vmpod,
};
export const imageNames = Object.keys(recipes) as ImageName[];
const usualNames: readonly ImageName[] = ["pause", "busybox", "launcher", "guest"];

export async function buildImages(options: BuildOptions): Promise<BuiltImage[]> {
  const names = options.only ?? usualNames;
  await mkdir(join(options.cacheDir, "images"), { recursive: true });
  const recipeHash = await hashOfRecipes();
  const images: BuiltImage[] = [];
  for (const name of names) images.push(await provide(name, recipeHash, options));
  return images;
}

interface Stamp {
  /** Of the recipes' sources. */
  recipeHash: string;
  packages: string[];
  inputs: InputStamp[];
  references: string[];
  tarPath: string;
}

async function provide(name: ImageName, recipeHash: string, options: BuildOptions): Promise<BuiltImage> {
  const recipe = recipes[name];
  const stampPath = join(options.cacheDir, "images", `${name}.json`);
  const progress = (state: BuildProgress["state"]): void => options.onProgress?.({ name, state });
  const stamp = await readStamp(stampPath);
  if (stamp && (await isCurrent(stamp, recipe, recipeHash, options.cacheDir))) {
    progress("cached");
    return built(name, stamp, "cached");
  }
  progress("fetching");
  await fetchPackages(options.cacheDir, recipe.packages, options.signal);
  progress("building");
  const fresh = { ...(await build(recipe, options.cacheDir)), recipeHash };
  // Instances share the cache: another one may be building the same.
  const temporary = `${stampPath}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(fresh));
  await rename(temporary, stampPath);
  if (stamp && stamp.tarPath !== fresh.tarPath) await rm(stamp.tarPath, { force: true });
  progress("built");
  return built(name, fresh, "built");
}

async function build(recipe: Recipe, cacheDir: string): Promise<Omit<Stamp, "recipeHash">> {
  const inputs = new Inputs();
  const workDirectory = await mkdtemp(join(cacheDir, "images", `.${recipe.name}-`));
  try {
    const kitchen = { inputs, workDirectory, packageRoot: (name: string) => packageRoot(cacheDir, name) };
    const { tree, below, config } = await recipe.build(kitchen);
    const layers: Layer[] = [];
    for (const each of [below, tree]) if (each) layers.push(await packLayer(each.entries()));
    const image = assembleImage(layers, config);
    const tag = contentTag(image);
    const repository = `localhost/vmpod/${recipe.name}`;
    const references = [`${repository}:${tag}`, ...(recipe.latest ? [`${repository}:latest`] : [])];
    const tarPath = join(cacheDir, "images", `${recipe.name}-${tag}.tar`);
    await writeImageTar(tarPath, image, references);
    const packages = await packageVersions(cacheDir, recipe.packages);
    return { packages, inputs: await inputs.stamps(), references, tarPath };
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

async function isCurrent(stamp: Stamp, recipe: Recipe, recipeHash: string, cacheDir: string): Promise<boolean> {
  if (stamp.recipeHash !== recipeHash || (await stampOf(stamp.tarPath))[1] <= 0) return false;
  const packages = await packageVersions(cacheDir, recipe.packages).catch(() => []);
  return packages.join() === stamp.packages.join() && (await unchanged(stamp.inputs));
}

async function readStamp(path: string): Promise<Stamp | undefined> {
  if ((await stampOf(path))[1] <= 0) return undefined;
  return JSON.parse(await readFile(path, "utf8")) as Stamp;
}

function built(name: ImageName, stamp: Stamp, result: BuiltImage["result"]): BuiltImage {
  const [reference = ""] = stamp.references;
  return { name, reference, references: stamp.references, tarPath: stamp.tarPath, result };
}

/** Everything in this directory and the writer of layers: a change to how an image is made makes it anew. */
async function hashOfRecipes(): Promise<string> {
  const hash = createHash("sha256");
  for (const directory of [import.meta.dirname, join(import.meta.dirname, "../src/storage/oci")]) {
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
    for (const path of files.map((each) => join(each.parentPath, each.name)).sort()) {
      if (!path.endsWith(".test.ts")) hash.update(path.slice(directory.length)).update(await readFile(path));
    }
  }
  return hash.digest("hex");
}
