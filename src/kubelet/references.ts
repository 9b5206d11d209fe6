/** ConfigMaps and Secrets that a pod refers to. */
import { configMaps, secrets } from "../../api/core.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { isStatus } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import type { References } from "./config/env.ts";

/** Values may be any bytes. */
export type BinaryMap = Record<string, Buffer>;

export interface BinaryReferences {
  configMap(name: string): Promise<BinaryMap | undefined>;
  secret(name: string): Promise<BinaryMap | undefined>;
}

export function createBinaryReferences(client: Client, namespace: string): BinaryReferences {
  return {
    async configMap(name) {
      const found = await getIfThere(client, configMaps, namespace, name);
      return found && { ...fromText(found.data), ...fromBase64(found.binaryData) };
    },
    async secret(name) {
      const found = await getIfThere(client, secrets, namespace, name);
      return found && fromBase64(found.data);
    },
  };
}

/** As text, for environment variables. */
export function createReferences(client: Client, namespace: string): References {
  const binary = createBinaryReferences(client, namespace);
  return {
    configMap: async (name) => toText(await binary.configMap(name)),
    secret: async (name) => toText(await binary.secret(name)),
  };
}

export async function getIfThere<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string | undefined,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get(resource, { namespace, name });
  } catch (error) {
    if (isStatus(error, "NotFound")) {
      return undefined;
    }
    throw error;
  }
}

function mapValues<A, B>(map: Record<string, A> | undefined, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, convert(value)]));
}

const fromText = (map: Record<string, string> | undefined): BinaryMap => mapValues(map, (text) => Buffer.from(text));
const fromBase64 = (map: Record<string, string> | undefined): BinaryMap =>
  mapValues(map, (text) => Buffer.from(text, "base64"));
const toText = (map: BinaryMap | undefined): Record<string, string> | undefined =>
  map && mapValues(map, (bytes) => bytes.toString("utf8"));
