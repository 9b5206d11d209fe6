/**
 * More networks than the pod's own, as the Network Plumbing Working Group's specification has them and Multus serves them: a
 * NetworkAttachmentDefinition holds a CNI configuration, an annotation of a pod names those that it wants.
 */
import type { CustomResourceDefinition } from "./apiextensions.ts";
import type { Pod } from "./core.ts";
import type { Kind, Resource } from "./meta.ts";

export interface NetworkAttachmentDefinition extends Kind<{ spec?: { config?: string } }> {}

export const networkAttachmentDefinitions: Resource<NetworkAttachmentDefinition> = {
  group: "k8s.cni.cncf.io",
  version: "v1",
  plural: "network-attachment-definitions",
  kind: "NetworkAttachmentDefinition",
  namespaced: true,
};

export const networksAnnotation = "k8s.v1.cni.cncf.io/networks";
export const networkStatusAnnotation = "k8s.v1.cni.cncf.io/network-status";

/** One that a pod asks for. */
export interface NetworkRequest {
  namespace: string;
  name: string;
  /** Of the interface in the pod. */
  interface: string;
  mac?: string;
}

/** One that a pod has. */
export interface NetworkAttachment {
  name: string;
  interface: string;
  ips: string[];
}

/**
 * What the annotation asks for: a JSON list, or `NAMESPACE/NAME@INTERFACE, ...`. Interfaces without a name are net1, net2 ...
 * @throws SyntaxError when it is neither
 */
export function requestedNetworks({ metadata }: Pick<Pod, "metadata">): NetworkRequest[] {
  const text = metadata?.annotations?.[networksAnnotation]?.trim() ?? "";
  if (text === "") return [];
  const elements = text.startsWith("[") ? elementsOf(JSON.parse(text)) : text.split(",").map(parseShort);
  return elements.map(({ name, namespace, interface: link, mac }, index) => ({
    namespace: namespace || (metadata?.namespace ?? ""),
    name,
    interface: link || `net${index + 1}`,
    ...(mac && { mac }),
  }));
}

interface Element {
  name: string;
  namespace?: string;
  interface?: string;
  mac?: string;
}

const elementFields: readonly string[] = ["name", "namespace", "interface", "mac"];

function elementsOf(list: unknown): Element[] {
  if (!Array.isArray(list)) throw new SyntaxError("it is no list");
  return list.map((element: unknown) => {
    const fields = typeof element === "object" && element !== null ? (element as Record<string, unknown>) : {};
    const unknown = Object.keys(fields).filter((name) => !elementFields.includes(name));
    if (unknown.length > 0) throw new SyntaxError(`${unknown.join(", ")} is not available: leave it out`);
    const text = (name: string): string => {
      const value = fields[name] ?? "";
      if (typeof value !== "string") throw new SyntaxError(`${name} is no text`);
      return value;
    };
    return { name: text("name"), namespace: text("namespace"), interface: text("interface"), mac: text("mac") };
  });
}

function parseShort(text: string): Element {
  const [, , namespace = "", name, , link = ""] = /^(([^/@\s]+)\/)?([^/@\s]+)(@([^/@\s]+))?$/.exec(text.trim()) ?? [];
  if (name === undefined) throw new SyntaxError(`"${text.trim()}" is not NAMESPACE/NAME@INTERFACE`);
  return { name, namespace, interface: link };
}

/** What Multus, or whoever attaches networks here, tells of a pod; nothing while it is not, or not understood. */
export function attachmentsOf({ metadata }: Pod): NetworkAttachment[] {
  try {
    const list: unknown = JSON.parse(metadata?.annotations?.[networkStatusAnnotation] ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.flatMap((each: Partial<NetworkAttachment> | null) =>
      typeof each?.interface === "string" && typeof each.name === "string"
        ? [{ name: each.name, interface: each.interface, ips: Array.isArray(each.ips) ? each.ips.map(String) : [] }]
        : [],
    );
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** As Multus installs it. */
export function networkAttachmentsCrd(): CustomResourceDefinition {
  const { group, plural, kind, version } = networkAttachmentDefinitions;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: {
        plural,
        singular: "network-attachment-definition",
        kind,
        listKind: `${kind}List`,
        shortNames: ["net-attach-def"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: { type: "object", properties: { config: { type: "string" } } },
              },
            },
          },
        },
      ],
    },
  };
}
