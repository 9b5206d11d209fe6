/**
 * An OCI image and its layout tar, as `ctr images import` and every registry tool read it:
 *
 *   oci-layout, index.json -> blobs/sha256/MANIFEST -> CONFIG, LAYER...
 */
import { rename, writeFile } from "node:fs/promises";
import { FileTree } from "./file-tree.ts";
import { digestOf, type Layer, packTar } from "./layer.ts";

export interface ImageConfig {
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  user?: string;
  workingDirectory?: string;
  labels?: Record<string, string>;
}

export interface Image {
  layers: Layer[];
  config: Buffer;
  manifest: Buffer;
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

export function assembleImage(layers: Layer[], config: ImageConfig): Image {
  const configBytes = json(configuration(layers, config));
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor("application/vnd.oci.image.config.v1+json", configBytes),
    layers: layers.map((layer) => descriptor(layer.mediaType, layer.blob)),
  });
  return { layers, config: configBytes, manifest };
}

/** Short and stable: changes with any file, mode, owner or setting of the image, and with nothing else. */
export function contentTag(image: Image): string {
  return digestOf(image.config).slice("sha256:".length).slice(0, 12);
}

/** Writes the image under each of `references` (`host/name:tag`); whole or not at all. */
export async function writeImageTar(tarPath: string, image: Image, references: readonly string[]): Promise<void> {
  const tree = new FileTree()
    .file("/oci-layout", json({ imageLayoutVersion: "1.0.0" }))
    .file("/index.json", json({ schemaVersion: 2, manifests: references.map((each) => indexEntry(image, each)) }));
  for (const blob of [image.config, image.manifest, ...image.layers.map((layer) => layer.blob)]) {
    tree.file(`/blobs/${digestOf(blob).replace(":", "/")}`, blob);
  }
  const temporary = `${tarPath}.${process.pid}.tmp`;
  await writeFile(temporary, await packTar(tree.entries()));
  await rename(temporary, tarPath);
}

function indexEntry(image: Image, reference: string): object {
  return {
    ...descriptor(manifestType, image.manifest),
    platform: { architecture: "amd64", os: "linux" },
    annotations: {
      "io.containerd.image.name": reference,
      "org.opencontainers.image.ref.name": reference.slice(reference.lastIndexOf(":") + 1),
    },
  };
}

function configuration(layers: readonly Layer[], config: ImageConfig): object {
  return {
    created: "1970-01-01T00:00:00Z",
    architecture: "amd64",
    os: "linux",
    config: {
      ...(config.user !== undefined && { User: config.user }),
      Env: Object.entries({ PATH: defaultPath, ...config.environment }).map(([name, value]) => `${name}=${value}`),
      ...(config.entrypoint && { Entrypoint: config.entrypoint }),
      ...(config.command && { Cmd: config.command }),
      WorkingDir: config.workingDirectory ?? "/",
      ...(config.labels && { Labels: config.labels }),
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "vmpod" })),
  };
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function descriptor(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
