/**
 * Reads `application/vnd.kubernetes.protobuf`, in which Go clients (kubectl's typed commands among them) send
 * objects, into the JSON that the rest of the server works with.
 *
 *   "k8s\0" Unknown{ 1: TypeMeta{1: apiVersion, 2: kind}, 2: raw object }
 */
import { StatusError } from "../../base/errors.ts";
import { type Field, messageFields, messageOf } from "./fields.ts";
import { ProtoReader } from "./reader.ts";

export const protobufContentType = "application/vnd.kubernetes.protobuf";

const magic = Buffer.from("k8s\0");

type Json = Record<string, unknown>;

/** @throws StatusError BadRequest, UnsupportedMediaType for kinds that are not in the table */
export function decodeProtobuf(bytes: Buffer): Json {
  if (!bytes.subarray(0, magic.length).equals(magic))
    throw new StatusError("BadRequest", "provided data does not appear to be a protobuf message, expected prefix k8s");
  const envelope = new Map<number, Uint8Array>();
  for (const { number, bytes: value } of new ProtoReader(bytes.subarray(magic.length)))
    if (value) envelope.set(number, value);
  const typeMeta = [...new ProtoReader(envelope.get(1) ?? new Uint8Array())];
  const [apiVersion = "", kind = ""] = [1, 2].map((number) =>
    textOf(typeMeta.find((field) => field.number === number)?.bytes),
  );
  const type = messageOf(apiVersion, kind);
  if (type === undefined)
    throw new StatusError(
      "UnsupportedMediaType",
      `${kind} of ${apiVersion} cannot be read as protobuf: send application/json`,
    );
  return { apiVersion, kind, ...decodeMessage(type, envelope.get(2) ?? new Uint8Array()) };
}

function decodeMessage(type: string, bytes: Uint8Array): Json {
  const fields = messageFields(type) ?? {};
  const object: Json = {};
  for (const { number, bytes: value, integer, double } of new ProtoReader(bytes)) {
    const field = fields[number];
    if (field) put(object, field, { bytes: value, integer, double });
  }
  return object;
}

interface Wire {
  bytes: Uint8Array | undefined;
  integer: bigint | undefined;
  double: number | undefined;
}

function put(object: Json, field: Field, wire: Wire): void {
  const { name, type } = field;
  if (type.startsWith("[]")) {
    const items = (object[name] ??= []) as unknown[];
    items.push(decodeValue(type.slice(2), wire));
  } else if (type.startsWith("{}")) {
    const [key, value] = mapEntry(type.slice(2), wire.bytes ?? new Uint8Array());
    ((object[name] ??= {}) as Json)[key] = value;
  } else {
    const value = decodeValue(type, wire);
    if (name === "") Object.assign(object, value);
    else if (value !== undefined && !(field.omitZero === true && isZero(value))) object[name] = value;
  }
}

function mapEntry(type: string, bytes: Uint8Array): [string, unknown] {
  let key = "";
  let value: unknown;
  for (const wire of new ProtoReader(bytes)) {
    if (wire.number === 1) key = textOf(wire.bytes);
    else value = decodeValue(type, wire);
  }
  return [key, value ?? (type === "string" || type === "bytes" ? "" : {})];
}

function decodeValue(type: string, { bytes, integer, double }: Wire): unknown {
  switch (type) {
    case "string":
      return textOf(bytes);
    case "int":
      return Number(BigInt.asIntN(64, integer ?? 0n));
    case "bool":
      return integer === 1n;
    case "double":
      return double;
    case "bytes":
      return Buffer.from(bytes ?? []).toString("base64");
    default:
      return decodeForm(type, bytes ?? new Uint8Array());
  }
}

/** Types with a JSON form of their own, and plain messages. */
function decodeForm(type: string, bytes: Uint8Array): unknown {
  const fields = [...new ProtoReader(bytes)];
  const first = fields.find((field) => field.number === 1);
  switch (type) {
    case "quantity":
      return textOf(first?.bytes) || undefined;
    case "raw":
      return first?.bytes?.length ? (JSON.parse(textOf(first.bytes)) as unknown) : undefined;
    case "items":
      return fields.map((field) => textOf(field.bytes));
    case "time":
      return timeOf(first?.integer, fields.find((field) => field.number === 2)?.integer);
    case "intOrString": {
      const find = (number: number) => fields.find((field) => field.number === number);
      return first?.integer === 1n ? textOf(find(3)?.bytes) : Number(BigInt.asIntN(32, find(2)?.integer ?? 0n));
    }
    default:
      return decodeMessage(type, bytes);
  }
}

function timeOf(seconds: bigint | undefined, nanos: bigint | undefined): string | undefined {
  const epochSeconds = Number(BigInt.asIntN(64, seconds ?? 0n));
  // Go's zero time.
  if (seconds === undefined || epochSeconds <= -62_135_596_800) return undefined;
  const text = new Date(epochSeconds * 1000).toISOString().slice(0, 19);
  const micros = Math.floor(Number(nanos ?? 0n) / 1000);
  return micros > 0 ? `${text}.${String(micros).padStart(6, "0")}Z` : `${text}Z`;
}

function isZero(value: unknown): boolean {
  if (value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}
