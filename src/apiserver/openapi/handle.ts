/** Answers `/openapi/v2` and `/openapi/v3...`. Documents are made when first asked for and kept until the kinds change. */
import { createHash } from "node:crypto";
import type { ApiDelegate, ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { encodeOpenApiV2, openApiV2ProtobufType } from "../../apimachinery/openapi/encode-openapi-v2.ts";
import { openApiV2 } from "../../apimachinery/openapi/openapi-v2.ts";
import { openApiV3, openApiV3Index } from "../../apimachinery/openapi/openapi-v3.ts";
import { groupVersionPath, type PublishedKind } from "../../apimachinery/openapi/published-kind.ts";
import { mediaTypes } from "../../http/accept.ts";
import { answerBytes } from "../../http/answer.ts";
import { versionInfo } from "../http/version.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";
import type { Registry } from "../registry/registry.ts";

export interface OpenApi {
  /** False when the path is not one of OpenAPI. */
  handle(path: string, request: ApiRequest, response: ApiResponse): boolean;
}

interface Document {
  bytes: Buffer;
  etag: string;
}

export function createOpenApi(registry: Registry, delegates: readonly ApiDelegate[]): OpenApi {
  const documents = new Map<string, Document>();
  registry.onChange(() => documents.clear());
  const document = (name: string, make: () => Uint8Array | string): Document => {
    const known = documents.get(name);
    if (known) return known;
    const bytes = Buffer.from(make());
    const made = { bytes, etag: `"${createHash("sha256").update(bytes).digest("hex").toUpperCase()}"` };
    documents.set(name, made);
    return made;
  };
  const groupDocument = (path: string): Document | undefined => {
    const kinds = registry.all().filter((kind) => groupVersionPath(kind) === path);
    const delegated = delegates.find((each) =>
      each.versions.some((version) => path === `/apis/${each.group}/${version}`),
    );
    const own = (): string => JSON.stringify(openApiV3(kinds.map(publishedKind), versionInfo.gitVersion));
    if (kinds.length > 0) return document(`v3${path}`, own);
    const made = delegated?.openapi?.(path.split("/").at(-1) ?? "");
    return made === undefined ? undefined : document(`v3${path}`, () => JSON.stringify(made));
  };
  const index = (): string => {
    const versions = new Map(
      registry.all().map((kind) => [groupVersion(kind), { group: kind.group, version: kind.version }]),
    );
    const entries = [...versions.values()].map((each) => ({
      ...each,
      text: groupDocument(groupVersionPath(each))?.bytes.toString() ?? "",
    }));
    return JSON.stringify(openApiV3Index(entries));
  };
  const v2 = () => openApiV2(registry.all().map(publishedKind), versionInfo.gitVersion);

  return {
    handle(path, request, response) {
      if (path === "/openapi/v2") {
        const binary = wantsProtobuf(request.headers.accept);
        const found = binary
          ? document("v2.proto", () => encodeOpenApiV2(v2()))
          : document("v2", () => JSON.stringify(v2()));
        return send(request, response, found, binary ? answeredProtobufType : "application/json");
      }
      if (path === "/openapi/v3" || path === "/openapi/v3/")
        return send(request, response, document("v3", index), "application/json");
      const found = path.startsWith("/openapi/v3/") ? groupDocument(path.slice("/openapi/v3".length)) : undefined;
      return found !== undefined && send(request, response, found, "application/json");
    },
  };
}

function send(request: ApiRequest, response: ApiResponse, { bytes, etag }: Document, contentType: string): boolean {
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"] === etag) {
    response.statusCode = 304;
    response.end();
  } else answerBytes(request, response, bytes, contentType);
  return true;
}

/** Go refuses `@` in the media type of an answer. */
const answeredProtobufType = openApiV2ProtobufType.replace("@", ".");

function wantsProtobuf(accept: string | undefined): boolean {
  return mediaTypes(accept)[0]?.name === openApiV2ProtobufType;
}

export function publishedKind(kind: ServedKind): PublishedKind {
  const { group, version, plural, listKind, namespaced, verbs } = kind;
  const subresources = [...(kind.statusSubresource ? ["status"] : []), ...(kind.scale ? ["scale"] : [])];
  return {
    group,
    version,
    kind: kind.kind,
    plural,
    listKind,
    namespaced,
    verbs,
    subresources,
    ...(kind.openApiSchema && { openApiSchema: kind.openApiSchema }),
  };
}
