/**
 * The messages a QMP server sends, one JSON object a line:
 *
 *   {"QMP": {...}}                          greeting, once
 *   {"return": ..., "id": ...}              answer
 *   {"error": {"class","desc"}, "id": ...}  refusal
 *   {"event": "...", "data": {...}, "timestamp": {...}}
 */
import { QmpProtocolError } from "./errors.ts";

export interface QmpEvent {
  event: string;
  data: Record<string, unknown>;
  /** When it happened, by the host's clock. */
  timestampMs: number;
}

export type QmpMessage =
  | { type: "greeting"; version: string }
  | { type: "return"; id: number | undefined; value: unknown }
  | { type: "error"; id: number | undefined; errorClass: string; description: string }
  | ({ type: "event" } & QmpEvent);

export function parseMessage(line: string): QmpMessage {
  const message = parseObject(line);
  if (isObject(message["QMP"])) return { type: "greeting", version: versionOf(message["QMP"]) };
  if (typeof message["event"] === "string") return parseEvent(message["event"], message);
  if (isObject(message["error"])) return parseError(message["error"], message);
  if ("return" in message) return { type: "return", id: idOf(message), value: message["return"] };
  throw new QmpProtocolError(`neither greeting, answer nor event: ${excerpt(line)}`);
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new QmpProtocolError(`not JSON: ${excerpt(line)}`, { cause });
  }
  if (!isObject(value)) throw new QmpProtocolError(`not a JSON object: ${excerpt(line)}`);
  return value;
}

function parseEvent(event: string, message: Record<string, unknown>): QmpMessage {
  const timestamp = isObject(message["timestamp"]) ? message["timestamp"] : {};
  const data = isObject(message["data"]) ? message["data"] : {};
  const timestampMs = numberOf(timestamp["seconds"]) * 1000 + Math.floor(numberOf(timestamp["microseconds"]) / 1000);
  return { type: "event", event, data, timestampMs };
}

function parseError(error: Record<string, unknown>, message: Record<string, unknown>): QmpMessage {
  const errorClass = typeof error["class"] === "string" ? error["class"] : "GenericError";
  const description = typeof error["desc"] === "string" ? error["desc"] : "no description";
  return { type: "error", id: idOf(message), errorClass, description };
}

function versionOf(greeting: Record<string, unknown>): string {
  const version = isObject(greeting["version"]) ? greeting["version"] : {};
  const qemu = isObject(version["qemu"]) ? version["qemu"] : {};
  return `${numberOf(qemu["major"])}.${numberOf(qemu["minor"])}.${numberOf(qemu["micro"])}`;
}

function idOf(message: Record<string, unknown>): number | undefined {
  return typeof message["id"] === "number" ? message["id"] : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function excerpt(line: string): string {
  return JSON.stringify(line.slice(0, 200));
}
