/** The files of configMap, secret, downwardAPI and projected volumes, by their path inside the volume. */
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  ProjectedVolumeSource,
  Volume,
} from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { containerNamed, fieldValue, type PodFacts, resourceValue } from "../config/field-ref.ts";
import type { BinaryMap, BinaryReferences } from "../references.ts";

export interface PayloadFile {
  content: Buffer;
  mode: number;
}
export type Payload = Map<string, PayloadFile>;

export interface PayloadInput {
  pod: Pod;
  facts: PodFacts;
  references: BinaryReferences;
  /** A fresh token of the pod's service account. */
  token(request: TokenWish): Promise<string>;
}

export interface TokenWish {
  audience?: string;
  expirationSeconds?: number;
}

const defaultMode = 0o644;
const tokenMode = 0o600;

export async function payloadOf(input: PayloadInput, volume: Volume): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return keyed(await input.references.configMap(configMap.name ?? ""), { ...configMap, kind: "configmap" });
  }
  if (secret !== undefined) {
    const { secretName: name, ...rest } = secret;
    return keyed(await input.references.secret(name ?? ""), { ...rest, name, kind: "secret" });
  }
  if (downwardAPI !== undefined) {
    return downward(input, downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultMode);
  }
  return await merged(input, projected ?? {});
}

interface KeyedSource {
  kind: "configmap" | "secret";
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
  defaultMode?: ConfigMapVolumeSource["defaultMode"];
}

/** All keys as files, or those that `items` picks. */
function keyed(values: BinaryMap | undefined, source: KeyedSource): Payload {
  const mode = source.defaultMode ?? defaultMode;
  if (values === undefined && source.optional !== true) {
    throw new TerminalError("FailedMount", `${source.kind} "${source.name}" not found`);
  }
  const known = values ?? {};
  if (source.items === undefined || source.items.length === 0) {
    return new Map(Object.entries(known).map(([key, content]) => [key, { content, mode }]));
  }
  return new Map(source.items.flatMap((item) => picked(known, item, source, mode)));
}

function picked(values: BinaryMap, item: KeyToPath, source: KeyedSource, mode: number): [string, PayloadFile][] {
  const content = values[item.key];
  if (content !== undefined) {
    return [[safePath(item.path), { content, mode: item.mode ?? mode }]];
  }
  if (source.optional === true) {
    return [];
  }
  throw new TerminalError("FailedMount", `references non-existent ${source.kind} key: ${item.key}`);
}

function safePath(path: string): string {
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new TerminalError("FailedMount", `item path ${JSON.stringify(path)} must be relative and without ..`);
  }
  return path;
}

function downward(input: PayloadInput, items: DownwardAPIVolumeFile[], mode: number): Payload {
  return new Map(
    items.map((item) => [
      safePath(item.path),
      { content: Buffer.from(downwardValue(input, item)), mode: item.mode ?? mode },
    ]),
  );
}

function downwardValue({ pod, facts }: PayloadInput, item: DownwardAPIVolumeFile): string {
  if (item.fieldRef !== undefined) {
    return fieldValue(pod, facts, item.fieldRef);
  }
  const reference = item.resourceFieldRef;
  return reference === undefined ? "" : resourceValue(containerNamed(pod, reference.containerName), facts, reference);
}

async function merged(input: PayloadInput, projected: ProjectedVolumeSource): Promise<Payload> {
  const all: Payload = new Map();
  const mode = projected.defaultMode ?? defaultMode;
  for (const source of projected.sources ?? []) {
    for (const [path, file] of await sourcePayload(input, source, mode)) {
      all.set(path, file);
    }
  }
  return all;
}

type ProjectedSource = NonNullable<ProjectedVolumeSource["sources"]>[number];

async function sourcePayload(input: PayloadInput, source: ProjectedSource, mode: number): Promise<Payload> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined) {
    const values = await input.references.configMap(configMap.name ?? "");
    return keyed(values, { ...configMap, kind: "configmap", defaultMode: mode });
  }
  if (secret !== undefined) {
    return keyed(await input.references.secret(secret.name ?? ""), { ...secret, kind: "secret", defaultMode: mode });
  }
  if (downwardAPI !== undefined) {
    return downward(input, downwardAPI.items ?? [], mode);
  }
  if (serviceAccountToken !== undefined) {
    const content = Buffer.from(await input.token(serviceAccountToken));
    return new Map([[safePath(serviceAccountToken.path), { content, mode: tokenModeFor(input.pod, mode) }]]);
  }
  throw new TerminalError("FailedMount", `projected source ${Object.keys(source).join(", ")} is not supported`);
}

/** A token is for its owner's eyes, unless the pod's user differs from root: then the file is readable as asked. */
function tokenModeFor(pod: Pod, mode: number): number {
  const users = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(
    (container) => container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser,
  );
  const onlyRoot = users.every((user) => user === 0);
  return onlyRoot ? tokenMode : mode;
}
