/**
 * `qemu-img`, with limits: image files come from anywhere, and a crafted one can make it allocate or compute without end.
 */
import { CommandError } from "../base/errors.ts";
import { exec } from "../base/exec.ts";

export type ImageFormat = "raw" | "qcow2" | "vmdk" | "vhdx" | "vpc" | "vdi";

export interface ImageInfo {
  format: string;
  virtualSizeBytes: number;
  /** What it occupies on disk. */
  actualSizeBytes: number;
  backingFile?: string;
  backingFormat?: string;
  /** A raw file that holds a part of a qcow2 image's data. */
  dataFile?: string;
  encrypted: boolean;
}

export interface CreateImage {
  path: string;
  format: "raw" | "qcow2";
  /** Default: the backing image's size. */
  sizeBytes?: number;
  backing?: { path: string; format: ImageFormat };
}

export interface ConvertImage {
  source: string;
  sourceFormat?: ImageFormat;
  target: string;
  targetFormat: ImageFormat;
  compress?: boolean;
  /** From 0 to 1. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
}

const gibibyte = 1024 ** 3;
const inspection = ["prlimit", `--as=${gibibyte}`, "--cpu=30", "--"];
const conversion = ["prlimit", `--as=${2 * gibibyte}`, "--"];

/** @param format state it whenever it is known: a raw image can begin like any other format. */
export async function imageInfo(path: string, format?: ImageFormat): Promise<ImageInfo> {
  const output = await exec([
    ...inspection,
    "qemu-img",
    "info",
    "--output=json",
    "-U",
    ...formatOption("-f", format),
    path,
  ]);
  return parseImageInfo(output);
}

export function parseImageInfo(json: string): ImageInfo {
  const info = JSON.parse(json) as Record<string, unknown>;
  const specific = info["format-specific"] as { data?: Record<string, unknown> } | undefined;
  return {
    format: String(info["format"]),
    virtualSizeBytes: Number(info["virtual-size"]),
    actualSizeBytes: Number(info["actual-size"] ?? 0),
    ...optionalText("backingFile", info["full-backing-filename"] ?? info["backing-filename"]),
    ...optionalText("backingFormat", info["backing-filename-format"]),
    ...optionalText("dataFile", specific?.data?.["data-file"]),
    encrypted: info["encrypted"] === true,
  };
}

function optionalText<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  return (typeof value === "string" ? { [key]: value } : {}) as { [key in K]?: string };
}

/** Refuses to follow what an untrusted image points to: files of the host could be read through it. */
export function foreignReference(info: ImageInfo): string | undefined {
  if (info.backingFile !== undefined) return `it has a backing file (${info.backingFile})`;
  if (info.dataFile !== undefined) return `it keeps its data in another file (${info.dataFile})`;
  return undefined;
}

/** Does nothing to an existing file but what `qemu-img create` does: it starts it afresh. */
export async function createImage({ path, format, sizeBytes, backing }: CreateImage): Promise<void> {
  const backingOptions = backing ? ["-b", backing.path, "-F", backing.format] : [];
  const size = sizeBytes === undefined ? [] : [String(sizeBytes)];
  await exec(["qemu-img", "create", "-q", "-f", format, ...backingOptions, path, ...size]);
}

/** Grows an image; its guest sees the new size when it next opens the disk. */
export async function resizeImage(path: string, format: "raw" | "qcow2", sizeBytes: number): Promise<void> {
  await exec(["qemu-img", "resize", "-q", "-f", format, path, String(sizeBytes)]);
}

/** Bytes that `source` would occupy, and at most occupy, in another format. */
export async function measureImage(
  source: string,
  targetFormat: "raw" | "qcow2",
): Promise<{ requiredBytes: number; fullyAllocatedBytes: number }> {
  const output = await exec([...inspection, "qemu-img", "measure", "--output=json", "-O", targetFormat, source]);
  const measured = JSON.parse(output) as { required: number; "fully-allocated": number };
  return { requiredBytes: measured.required, fullyAllocatedBytes: measured["fully-allocated"] };
}

export async function convertImage(convert: ConvertImage): Promise<void> {
  const argv = ["qemu-img", "convert", ...convertOptions(convert), convert.source, convert.target];
  if (!convert.onProgress) {
    await exec([...conversion, ...argv], { signal: convert.signal });
    return;
  }
  // qemu-img reports progress on standard output; `exec` lets us follow standard error.
  const redirected = ["sh", "-c", 'exec "$@" >&2', "sh", ...conversion, ...argv];
  try {
    await exec(redirected, { signal: convert.signal, onStderr: (chunk) => reportProgress(chunk, convert) });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(argv, error.exitCode, error.stderrTail.replace(progressPattern, ""));
  }
}

const progressPattern = /\s*\((\d+\.\d+)\/100%\)\r?/g;

function reportProgress(chunk: string, convert: ConvertImage): void {
  for (const [, percent] of chunk.matchAll(progressPattern)) convert.onProgress?.(Number(percent) / 100);
}

function convertOptions(convert: ConvertImage): string[] {
  return [
    ...(convert.onProgress ? ["-p"] : []),
    ...formatOption("-f", convert.sourceFormat),
    "-O",
    convert.targetFormat,
    ...(convert.compress && convert.targetFormat === "qcow2" ? ["-c", "-o", "compression_type=zstd"] : []),
  ];
}

function formatOption(flag: string, format: ImageFormat | undefined): string[] {
  return format === undefined ? [] : [flag, format];
}
