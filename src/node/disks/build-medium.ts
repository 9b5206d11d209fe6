/**
 * Builds the medium of a cloud-init, ConfigMap or Secret volume. What it refers to lies in the launcher's container, where the kubelet
 * put it before QEMU was started (src/controllers/virtualmachineinstance/launcher/references.ts).
 */
import { writeFile } from "node:fs/promises";
import type { VirtualMachineInstance, Volume } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { type CloudInit, configDriveMedium, noCloudMedium } from "../../storage/cloud-init/media.ts";
import { buildIso } from "../../storage/iso/iso9660.ts";
import { hostPathOf } from "../process/container-files.ts";
import { deviceMetadata } from "./device-metadata.ts";
import { type Files, readMountedFiles } from "./mounted-files.ts";
import type { PrepareContext } from "./prepare-disk.ts";

type Source = NonNullable<Volume["cloudInitNoCloud"]>;

export async function buildMedium({ vmi, pid }: PrepareContext, volume: Volume, file: string): Promise<void> {
  const mounted = (path: string) => readMountedFiles(hostPathOf(pid, path));
  await writeFile(file, await mediumContent({ vmi, mounted }, volume), { mode: 0o660, flag: "wx" });
}

export interface MediumContext {
  vmi: VirtualMachineInstance;
  /** Reads what the kubelet mounted at a path of the launcher's container. */
  mounted: (path: string) => Promise<Files>;
}

/** Nothing but what it is given decides. */
export async function mediumContent(context: MediumContext, volume: Volume): Promise<Buffer> {
  const { name, cloudInitNoCloud, cloudInitConfigDrive, configMap, secret, sysprep, downwardAPI } = volume;
  if (cloudInitNoCloud) return noCloudMedium(await cloudInit(context, cloudInitNoCloud, "noCloud"));
  if (cloudInitConfigDrive) return configDriveMedium(await cloudInit(context, cloudInitConfigDrive, "configDrive"));
  if (configMap) {
    return filesMedium(configMap.volumeLabel, await configMapFiles(context, configMap.name ?? ""));
  }
  if (secret) {
    return filesMedium(secret.volumeLabel, await secretFiles(context, secret.secretName ?? ""));
  }
  if (sysprep) return answerMedium(name, await answerFiles(context, sysprep));
  if (downwardAPI) {
    return filesMedium(downwardAPI.volumeLabel, await context.mounted(`${launcherPaths.downwardApi}/${name}`));
  }
  if (volume.serviceAccount) return filesMedium(undefined, await context.mounted(launcherPaths.serviceAccount));
  throw new TerminalError("UnsupportedVolume", `volume ${name}: cannot be made into a medium`);
}

/** What the machine's cloud-init volume tells its guest; undefined when it has none. */
export async function cloudInitOf(context: MediumContext): Promise<CloudInit | undefined> {
  for (const { cloudInitNoCloud, cloudInitConfigDrive } of context.vmi.spec.volumes ?? []) {
    if (cloudInitNoCloud) return cloudInit(context, cloudInitNoCloud, "noCloud");
    if (cloudInitConfigDrive) return cloudInit(context, cloudInitConfigDrive, "configDrive");
  }
  return undefined;
}

async function cloudInit(
  context: MediumContext,
  source: Source,
  propagation: "noCloud" | "configDrive",
): Promise<CloudInit> {
  const fromSecret = source.secretRef?.name ? await secretFiles(context, source.secretRef.name) : {};
  const networkSecret = source.networkDataSecretRef?.name;
  const networkFiles = networkSecret ? await secretFiles(context, networkSecret) : {};
  const { spec } = context.vmi;
  return {
    instanceId: instanceIdOf(context.vmi),
    uuid: spec.domain.firmware?.uuid,
    hostname: hostnameOf(context.vmi),
    userData: source.userData || decode(source.userDataBase64) || textOf(fromSecret, "userdata", "userData") || "",
    networkData:
      source.networkData ||
      decode(source.networkDataBase64) ||
      textOf(networkFiles, "networkdata", "networkData") ||
      textOf(fromSecret, "networkdata", "networkData"),
    publicKeys: await publicKeys(context, propagation),
    ...(propagation === "configDrive" && { devices: deviceMetadata(context.vmi) }),
  };
}

/** Windows' setup looks for its answers on every medium. */
const answerLabel = "unattendCfg";
const answerNames = ["autounattend.xml", "unattend.xml"];

function answerFiles(context: MediumContext, { configMap, secret }: NonNullable<Volume["sysprep"]>): Promise<Files> {
  return configMap ? configMapFiles(context, configMap.name ?? "") : secretFiles(context, secret?.name ?? "");
}

function answerMedium(volume: string, files: Files): Buffer {
  if (!Object.keys(files).some((name) => answerNames.includes(name.toLowerCase()))) {
    throw new TerminalError("InvalidVolume", `volume ${volume}: it has no key autounattend.xml or unattend.xml`);
  }
  return buildIso({ label: answerLabel, files });
}

/** Without a label of its own it gets upstream's. */
function filesMedium(label: string | undefined, files: Files): Buffer {
  return buildIso({ label: label || "cfgdata", files });
}

/** The same at each start of the same machine: cloud-init does its once-per-instance work once. */
export function instanceIdOf({ metadata }: VirtualMachineInstance): string {
  return `${metadata?.name}.${metadata?.namespace}`;
}

/** As the pod's. */
export function hostnameOf({ spec, metadata }: VirtualMachineInstance): string {
  return spec.hostname || (metadata?.name ?? "").replaceAll(".", "-").slice(0, 63).replace(/-+$/, "");
}

/** Every value of a key Secret may hold several keys, one a line. */
async function publicKeys(context: MediumContext, propagation: "noCloud" | "configDrive"): Promise<string[]> {
  const names = (context.vmi.spec.accessCredentials ?? []).flatMap(({ sshPublicKey }) =>
    sshPublicKey?.propagationMethod[propagation] ? (sshPublicKey.source.secret?.secretName ?? []) : [],
  );
  const files = await Promise.all(names.map((name) => secretFiles(context, name)));
  const lines = files.flatMap((each) => Object.values(each)).flatMap((value) => value.toString("utf8").split("\n"));
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function configMapFiles({ mounted }: MediumContext, name: string): Promise<Files> {
  return mounted(`${launcherPaths.configMaps}/${name}`);
}

function secretFiles({ mounted }: MediumContext, name: string): Promise<Files> {
  return mounted(`${launcherPaths.secrets}/${name}`);
}

function decode(base64: string | undefined): string | undefined {
  return base64 ? Buffer.from(base64, "base64").toString("utf8") : undefined;
}

function textOf(files: Files, ...names: string[]): string | undefined {
  const found = names.find((name) => files[name] !== undefined);
  return found === undefined ? undefined : files[found]?.toString("utf8");
}
