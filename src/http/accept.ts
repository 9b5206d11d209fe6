/** What a client asks for in `Accept`: the object, a Table of it, or its metadata only. */

export type View = "object" | "table" | "metadata";

export interface Accepted {
  view: View;
  /** Version of meta.k8s.io for Table and PartialObjectMetadata. */
  version: string;
}

/** The first media type that the server can make. Undefined: none (406). */
export function acceptedView(header: string | undefined): Accepted | undefined {
  for (const type of mediaTypes(header)) {
    if (!jsonTypes.has(type.name)) continue;
    const as = type.parameters.get("as");
    const version = type.parameters.get("v") ?? "v1";
    if (as === undefined) return { view: "object", version };
    if (type.parameters.get("g") !== "meta.k8s.io" || !metaVersions.has(version)) continue;
    if (as === "Table") return { view: "table", version };
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return { view: "metadata", version };
  }
  return undefined;
}

const jsonTypes = new Set(["application/json", "*/*", "application/*", ""]);
const metaVersions = new Set(["v1", "v1beta1"]);

export interface MediaType {
  name: string;
  parameters: Map<string, string>;
}

export function mediaTypes(header: string | undefined): MediaType[] {
  return (header ?? "*/*").split(",").map((part) => {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    return { name: name.toLowerCase(), parameters: new Map(parameters.map(pairOf)) };
  });
}

function pairOf(parameter: string): [string, string] {
  const at = parameter.indexOf("=");
  return at < 0 ? [parameter, ""] : [parameter.slice(0, at), parameter.slice(at + 1)];
}
