/** Builds the medium of a cloud-init, ConfigMap or Secret volume, with what it refers to read from the API. */
import { writeFile } from "node:fs/promises";
import { configMaps, secrets } from "../../../api/core.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import type { VirtualMachineInstance, Volume } from "../../../api/kubevirt/types.ts";
import { isStatus, TerminalError } from "../../base/errors.ts";
import { type CloudInit, configDriveMedium, noCloudMedium } from "../../storage/cloud-init/media.ts";
import { buildIso } from "../../storage/iso/iso9660.ts";
import type { PrepareContext } from "./prepare-disk.ts";

type Source = NonNullable<Volume["cloudInitNoCloud"]>;
type Files = Record<string, Buffer>;

export async function buildMedium(context: PrepareContext, volume: Volume, file: string): Promise<void> {
  await writeFile(file, await contentOf(context, volume), { mode: 0o660, flag: "wx" });
}

async function contentOf(context: PrepareContext, volume: Volume): Promise<Buffer> {
  const { cloudInitNoCloud, cloudInitConfigDrive, configMap, secret } = volume;
  if (cloudInitNoCloud) return noCloudMedium(await cloudInit(context, cloudInitNoCloud, "noCloud"));
  if (cloudInitConfigDrive) return configDriveMedium(await cloudInit(context, cloudInitConfigDrive, "configDrive"));
  if (configMap) {
    return filesMedium(configMap.volumeLabel, await configMapFiles(context, configMap.name ?? "", configMap.optional));
  }
  if (secret) {
    return filesMedium(secret.volumeLabel, await secretFiles(context, secret.secretName ?? "", secret.optional));
  }
  throw new TerminalError("UnsupportedVolume", `volume ${volume.name}: cannot be made into a medium`);
}

async function cloudInit(
  context: PrepareContext,
  source: Source,
  propagation: "noCloud" | "configDrive",
): Promise<CloudInit> {
  const fromSecret = source.secretRef?.name ? await secretFiles(context, source.secretRef.name) : {};
  const networkSecret = source.networkDataSecretRef?.name;
  const networkFiles = networkSecret ? await secretFiles(context, networkSecret) : {};
  const { metadata, spec } = context.vmi;
  return {
    // The same at each start of the same machine: cloud-init does its once-per-instance work once.
    instanceId: `${metadata?.name}.${metadata?.namespace}`,
    uuid: spec.domain.firmware?.uuid,
    hostname: hostnameOf(context.vmi),
    userData: source.userData || decode(source.userDataBase64) || textOf(fromSecret, "userdata", "userData") || "",
    networkData:
      source.networkData ||
      decode(source.networkDataBase64) ||
      textOf(networkFiles, "networkdata", "networkData") ||
      textOf(fromSecret, "networkdata", "networkData"),
    publicKeys: await publicKeys(context, propagation),
  };
}

/** Without a label of its own it gets upstream's. */
function filesMedium(label: string | undefined, files: Files): Buffer {
  return buildIso({ label: label || "cfgdata", files });
}

/** As the pod's. */
function hostnameOf({ spec, metadata }: VirtualMachineInstance): string {
  return spec.hostname || (metadata?.name ?? "").replaceAll(".", "-").slice(0, 63).replace(/-+$/, "");
}

/** Every value of a key Secret may hold several keys, one a line. */
async function publicKeys(context: PrepareContext, propagation: "noCloud" | "configDrive"): Promise<string[]> {
  const names = (context.vmi.spec.accessCredentials ?? []).flatMap(({ sshPublicKey }) =>
    sshPublicKey?.propagationMethod[propagation] ? (sshPublicKey.source.secret?.secretName ?? []) : [],
  );
  const files = await Promise.all(names.map((name) => secretFiles(context, name)));
  const lines = files.flatMap((each) => Object.values(each)).flatMap((value) => value.toString("utf8").split("\n"));
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

async function configMapFiles(context: PrepareContext, name: string, optional = false): Promise<Files> {
  const found = await read(context, configMaps, name, optional);
  const texts = Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  return { ...Object.fromEntries(texts), ...decodeAll(found?.binaryData) };
}

async function secretFiles(context: PrepareContext, name: string, optional = false): Promise<Files> {
  return decodeAll((await read(context, secrets, name, optional))?.data);
}

/** @throws Error that names what is missing: it may still be created, so it is looked for again */
async function read<T extends KubeObject>(
  { client, vmi, signal }: PrepareContext,
  resource: Resource<T>,
  name: string,
  optional: boolean,
): Promise<T | undefined> {
  try {
    return await client.get(resource, { namespace: namespaceOf(vmi), name }, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    if (optional) return undefined;
    throw new Error(`${resource.kind} ${namespaceOf(vmi)}/${name}, which a volume refers to, is not there: create it`, {
      cause: error,
    });
  }
}

function namespaceOf(vmi: VirtualMachineInstance): string {
  return vmi.metadata?.namespace ?? "";
}

function decodeAll(data: Record<string, string> | undefined): Files {
  return Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]));
}

function decode(base64: string | undefined): string | undefined {
  return base64 ? Buffer.from(base64, "base64").toString("utf8") : undefined;
}

function textOf(files: Files, ...names: string[]): string | undefined {
  const found = names.find((name) => files[name] !== undefined);
  return found === undefined ? undefined : files[found]?.toString("utf8");
}
