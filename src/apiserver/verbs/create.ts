/** CREATE: POST to the collection. */
import { randomInt } from "node:crypto";
import type { KubeObject } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import { groupVersion } from "../registry/kind.ts";
import { type Entry, encode, entryOf } from "../storage/entry.ts";
import { keyOf } from "../storage/keys.ts";
import { admit, admissionRequest } from "./admit.ts";
import type { Call, Operation } from "./call.ts";
import { conform } from "./check-fields.ts";
import { decodeObject } from "./decode.ts";
import { stored } from "./stored.ts";
import { invalidIf, objectCauses } from "./validate.ts";
import { newMeta } from "./new-meta.ts";
import { showEntry } from "./show.ts";

export async function createFromRequest(call: Call): Promise<void> {
  showEntry(call, 201, await createObject(call, await decodeObject(call)));
}

export async function createObject(call: Operation, object: KubeObject): Promise<Entry> {
  const prepared = prepareCreate(call, object);
  const request = admissionRequest(call, "CREATE", prepared, undefined);
  const admitted = await admit(call, request, (next) => validateNew(call, next));
  const entry = stored(call, admitted, undefined);
  if (call.dryRun)
    return entryOf(keyOf(call.kind, entry.metadata?.namespace, entry.metadata?.name ?? ""), encode(entry), 0);
  return call.api.objects.create(call.kind, entry);
}

function prepareCreate(call: Operation, object: KubeObject): KubeObject {
  const { kind } = call;
  const metadata = object.metadata ?? {};
  if (metadata.resourceVersion)
    throw new StatusError("BadRequest", "resourceVersion should not be set on objects to be created");
  if (!metadata.name && metadata.generateName) metadata.name = generated(metadata.generateName);
  Object.assign(metadata, newMeta());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete (metadata as Record<string, unknown>)["selfLink"];
  if (kind.generation === "none") delete metadata.generation;
  else metadata.generation = 1;
  if (kind.statusSubresource) delete (object as { status?: unknown }).status;
  conform(call, object);
  kind.strategy.prepareCreate?.(object);
  kind.strategy.default?.(object);
  return { ...object, apiVersion: groupVersion(kind), kind: kind.kind, metadata };
}

function validateNew(call: Operation, object: KubeObject): void {
  invalidIf(call.kind, object, objectCauses(call.kind, object));
}

// Without vowels and look-alikes, as upstream, so that no words arise.
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";
const suffixLength = 5;
const generatedMaxLength = 63;

function generated(prefix: string): string {
  const letter = (): string => suffixAlphabet[randomInt(suffixAlphabet.length)] ?? "";
  return prefix.slice(0, generatedMaxLength - suffixLength) + Array.from({ length: suffixLength }, letter).join("");
}
