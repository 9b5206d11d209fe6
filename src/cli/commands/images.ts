import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { buildImages, type BuiltImage, type ImageName, imageNames } from "../../../images/build-images.ts";
import { defaultTag, imageReference, localRegistry, parseRegistry, parseTag } from "../../install/image-names.ts";
import { writeImageTar } from "../../storage/oci/image.ts";
import { readImageTar } from "../../storage/oci/read-image-tar.ts";
import { findLogin } from "../../storage/registry/docker-config.ts";
import { pushImage } from "../../storage/registry/push-image.ts";
import { createRegistry } from "../../storage/registry/registry.ts";
import { examples } from "../program.ts";

/** What a cluster needs, and what the examples use. */
const usual: readonly ImageName[] = ["vmpod", "launcher", "guest", "busybox"];

const imagesHelp = `which images (default: ${usual.join(", ")})`;
const tagHelp = "tag to give them, beside the one made of their content";

export function define(command: Command): void {
  command
    .command("save")
    .summary("Write images as files, for `ctr images import` on each node")
    .argument("<directory>", "where to write NAME.tar")
    .argument("[image...]", imagesHelp)
    .option("--registry <host/path>", "the name that pods will use for them", localRegistry)
    .option("--tag <tag>", tagHelp, defaultTag)
    .action(save);
  command
    .command("push")
    .summary("Put images into a registry")
    .argument("<host/path>", "the registry, e.g. registry.example.org/vmpod")
    .argument("[image...]", imagesHelp)
    .option("--tag <tag>", tagHelp, defaultTag)
    .option("--plain-http", "without TLS (default: only for registries on this machine)")
    .action(push);
  examples(
    command,
    ["Into a registry (after `docker login`), for a cluster", "vmpod images push registry.example.org/vmpod"],
    ["... and then", "vmpod install --registry registry.example.org/vmpod"],
    ["Without a registry: as files", "vmpod images save /tmp/images"],
    ["... and then on every node", "ctr -n k8s.io images import /tmp/images/vmpod.tar"],
  );
}

interface SaveOptions {
  registry: string;
  tag: string;
}

async function save(directory: string, names: string[], { registry, tag }: SaveOptions): Promise<void> {
  imageReference(registry, "any", tag);
  await mkdir(directory, { recursive: true });
  for (const image of await build(names)) {
    const references = tagsOf(image, tag).map((each) => imageReference(registry, image.name, each));
    const tarPath = join(directory, `${image.name}.tar`);
    await writeImageTar(tarPath, await readImageTar(image.tarPath), references);
    console.log(`${tarPath}  ${references.join("  ")}`);
  }
}

interface PushOptions {
  tag: string;
  plainHttp?: boolean;
}

async function push(registryPath: string, names: string[], { tag, plainHttp }: PushOptions): Promise<void> {
  const { host, prefix } = parseRegistry(registryPath);
  parseTag(tag);
  const registry = createRegistry({ registry: host, login: await findLogin(host), plainHttp });
  for (const image of await build(names)) {
    const tags = tagsOf(image, tag);
    await pushImage(registry, `${prefix}${image.name}`, tags, await readImageTar(image.tarPath), ({ bytes, sent }) => {
      console.error(`${image.name}: ${mebibytes(bytes)} MiB ${sent ? "sent" : "was there"}`);
    });
    console.log(tags.map((each) => `${host}/${prefix}${image.name}:${each}`).join("  "));
  }
}

async function build(names: readonly string[]): Promise<BuiltImage[]> {
  const unknown = names.find((name) => !imageNames.includes(name as ImageName));
  if (unknown !== undefined) throw new Error(`there is no image ${unknown}; there are ${imageNames.join(", ")}`);
  return await buildImages({
    cacheDir:
      process.env["VMPOD_CACHE"] ?? (process.getuid?.() === 0 ? "/var/cache/vmpod" : join(homedir(), ".cache/vmpod")),
    only: names.length > 0 ? (names as ImageName[]) : usual,
    onProgress: ({ name, state }) => console.error(`${name}: ${state}`),
  });
}

/** The given one, the one of the content, and `latest` where manifests use it. */
function tagsOf(image: BuiltImage, tag: string): string[] {
  const own = image.references.map((reference) => reference.slice(reference.lastIndexOf(":") + 1));
  return [...new Set([tag, ...own])];
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
