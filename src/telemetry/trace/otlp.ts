/** A start as OTLP/JSON (opentelemetry-proto, `ExportTraceServiceRequest`). Its ids derive from the instance: sent twice it is the same trace. Pure. */
import { createHash } from "node:crypto";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Span, StartSpans } from "./spans.ts";

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
}

interface Attribute {
  key: string;
  value: { stringValue: string };
}

export interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[];
  }[];
}

const internalKind = 1;
const traceIdLength = 32;
const spanIdLength = 16;

export function renderOtlp(vmi: VirtualMachineInstance, start: StartSpans): OtlpRequest {
  const { uid = "" } = vmi.metadata ?? {};
  const traceId = idOf(uid, traceIdLength);
  const root = idOf(`${uid}/start`, spanIdLength);
  const span = (spanId: string, name: string, { startMs, endMs }: Pick<Span, "startMs" | "endMs">): OtlpSpan => ({
    traceId,
    spanId,
    name,
    kind: internalKind,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: [],
  });
  const spans = [
    span(root, "start", start),
    ...start.spans.map((each) => ({
      ...span(idOf(`${uid}/${each.mark}`, spanIdLength), each.title, each),
      parentSpanId: root,
      attributes: [attribute("vmpod.mark", each.mark)],
    })),
  ];
  return {
    resourceSpans: [{ resource: { attributes: attributesOf(vmi) }, scopeSpans: [{ scope: { name: "vmpod" }, spans }] }],
  };
}

function attributesOf({ metadata, status }: VirtualMachineInstance): Attribute[] {
  return [
    attribute("service.name", "vmpod"),
    attribute("k8s.namespace.name", metadata?.namespace ?? ""),
    attribute("k8s.node.name", status?.nodeName ?? ""),
    attribute("kubevirt.vmi.name", metadata?.name ?? ""),
    attribute("kubevirt.vmi.uid", metadata?.uid ?? ""),
  ];
}

function attribute(key: string, stringValue: string): Attribute {
  return { key, value: { stringValue } };
}

function idOf(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/** Numbers of 64 bits are strings in protobuf's JSON. */
function nanoseconds(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds)) * 1_000_000n);
}
