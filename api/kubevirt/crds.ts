/**
 * The CustomResourceDefinitions of KubeVirt and CDI, with the whole upstream field tree, from generated files
 * that keep shared types once.
 */
import { startMarks } from "./start-trace.ts";
import { readFileSync } from "node:fs";
import { shippedFile } from "../../src/base/shipped-file.ts";
import type { CustomResourceColumnDefinition, CustomResourceDefinition, JSONSchemaProps } from "../apiextensions.ts";

interface Generated {
  definitions: Record<string, SharedSchema>;
  kinds: Record<string, GeneratedKind>;
}

interface GeneratedKind {
  /** Name of the definition. */
  model: string;
  scope: string;
  names: CustomResourceDefinition["spec"]["names"];
  /** The stored version first. */
  versions: string[];
  additionalPrinterColumns?: CustomResourceColumnDefinition[];
  subresources?: CustomResourceDefinition["spec"]["versions"][number]["subresources"];
}

/** A schema whose parts may be `{ $ref }`. */
type SharedSchema = Record<string, unknown>;

const refPrefix = "#/components/schemas/";

/** Made anew by each call (a few milliseconds): the caller owns them. */
export function customResourceDefinitions(): CustomResourceDefinition[] {
  return [shippedFile("api/kubevirt/crds.gen.json"), shippedFile("api/kubevirt/cdi-crds.gen.json")].flatMap(
    readDefinitions,
  );
}

function readDefinitions(file: URL): CustomResourceDefinition[] {
  const { definitions, kinds } = JSON.parse(readFileSync(file, "utf8")) as Generated;
  addTransport(definitions);
  addStartTrace(definitions);
  permitNoTarget(definitions);
  return Object.entries(kinds).map(([name, kind]) => {
    const schema = inline({ $ref: refPrefix + kind.model }, definitions, []) as JSONSchemaProps;
    return toDefinition(name, kind, schema);
  });
}

/** A field that vmpod has beside upstream's (MigrationTransport in ./types.ts). */
function addTransport(definitions: Record<string, SharedSchema>): void {
  const state = definitions["V1VirtualMachineInstanceMigrationState"];
  if (state === undefined) return;
  const text = { type: "string" };
  const disk = {
    type: "object",
    required: ["name"],
    properties: { name: text, sizeBytes: { type: "integer", format: "int64" }, imageDigest: text },
  };
  const transport = {
    description: "How the guest travels between two nodes: what each end must know of the other.",
    type: "object",
    properties: { sourceAuthority: text, targetAuthority: text, disks: { type: "array", items: disk } },
  };
  state["properties"] = { ...(state["properties"] as object), transport };
}

/** The other one. */
function addStartTrace(definitions: Record<string, SharedSchema>): void {
  const status = definitions["V1VirtualMachineInstanceStatus"];
  if (status === undefined) return;
  const time = { type: "string", format: "date-time" };
  const startTrace = {
    description: "When the stages of its start were reached, to the millisecond.",
    type: "object",
    properties: Object.fromEntries(startMarks.map((mark) => [mark, time])),
  };
  status["properties"] = { ...(status["properties"] as object), startTrace };
}

/** What is no disk, e.g. a dump, has none: upstream writes "", which an API server of 1.20 that a newer Go has compiled takes for null. */
function permitNoTarget(definitions: Record<string, SharedSchema>): void {
  const status = definitions["V1VolumeStatus"];
  if (status === undefined) return;
  status["required"] = (status["required"] as string[]).filter((field) => field !== "target");
}

function toDefinition(name: string, kind: GeneratedKind, schema: JSONSchemaProps): CustomResourceDefinition {
  const { scope, names, versions, additionalPrinterColumns, subresources } = kind;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name, labels: { "app.kubernetes.io/managed-by": "vmpod" } },
    spec: {
      group: name.slice(name.indexOf(".") + 1),
      scope,
      names,
      conversion: { strategy: "None" },
      versions: versions.map((version, index) => ({
        name: version,
        served: true,
        storage: index === 0,
        ...(version === "v1alpha3" && {
          deprecated: true,
          deprecationWarning: "kubevirt.io/v1alpha3 is now deprecated and will be removed in a future release.",
        }),
        schema: { openAPIV3Schema: schema },
        ...(additionalPrinterColumns && { additionalPrinterColumns }),
        ...(subresources && { subresources }),
      })),
    },
  };
}

/** CRDs know no `$ref`: each one is replaced by what it names; a type inside itself becomes free-form. */
function inline(node: unknown, definitions: Record<string, SharedSchema>, parents: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => inline(item, definitions, parents));
  if (typeof node !== "object" || node === null) return node;
  const { $ref: ref, ...rest } = node as SharedSchema;
  if (typeof ref !== "string") return mapValues(rest, (child) => inline(child, definitions, parents));
  const name = ref.slice(refPrefix.length);
  if (parents.includes(name)) return { type: "object", "x-kubernetes-preserve-unknown-fields": true, ...rest };
  const target = inline(definitions[name], definitions, [...parents, name]) as SharedSchema;
  return { ...target, ...rest };
}

function mapValues(record: SharedSchema, change: (value: unknown) => unknown): SharedSchema {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
