/**
 * The definitions of Kubernetes' own kinds, under upstream's names (`io.k8s.api.core.v1.Pod`), from the `.d.ts`
 * files of `kubernetes-models`, which carry upstream's descriptions, required fields and enumerations.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript-5";
import { type Definitions, refPrefix, type Schema } from "../../src/apimachinery/schema/schema.ts";
import { descriptionOf, fieldsOf, schemaOfType } from "./type-schema.ts";

const modules = resolve(import.meta.dirname, "../../node_modules");
const models = join(modules, "kubernetes-models");
const machinery = join(modules, "@kubernetes-models/apimachinery");

/** As controller-gen writes it into every CRD. */
export const quantityPattern =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

/** Types that are no interfaces with fields. */
const scalars: Record<string, Schema> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    "x-kubernetes-int-or-string": true,
    format: "quantity",
    pattern: quantityPattern,
    description: "Quantity is a fixed-point representation of a number, e.g. 500m, 128Mi or 2Gi.",
  },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
    "x-kubernetes-int-or-string": true,
    description: "IntOrString is a type that can hold an int32 or a string.",
  },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { type: "string", format: "date-time" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { type: "string", format: "date-time" },
};

const untyped = /\.(JSON|JSONSchemaPropsOrBool|JSONSchemaPropsOrArray|JSONSchemaPropsOrStringArray)$/;

/** The module of a kind, e.g. `apps/v1` and `Deployment`. */
export function modelPath(module: string, type: string): string {
  return join(models, module, `${type}.d.ts`);
}

export function machineryPath(path: string): string {
  return join(machinery, `${path}.d.ts`);
}

/** The definitions of these files and of everything that they refer to. */
export function kubernetesDefinitions(roots: readonly string[]): Definitions {
  const definitions: Definitions = {};
  const queue = [...roots];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const name = definitionName(path);
    if (Object.hasOwn(definitions, name)) continue;
    const { schema, references } = readDefinition(path, name);
    definitions[name] = schema;
    queue.push(...references);
  }
  return definitions;
}

interface ReadDefinition {
  schema: Schema;
  /** Files of the types that it uses. */
  references: string[];
}

function readDefinition(path: string, name: string): ReadDefinition {
  const scalar = scalars[name];
  if (scalar) return { schema: scalar, references: [] };
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext, true);
  const declaration = source.statements.filter(ts.isInterfaceDeclaration)[0];
  if (declaration === undefined) throw new Error(`${path} declares no interface`);
  const imports = importsOf(source, path);
  imports.set(declaration.name.text, path);
  const references = new Set<string>();
  const schema = schemaOfInterface(declaration, name, (type) => {
    const file = imports.get(type);
    if (file === undefined) throw new Error(`${path} uses ${type}, which it does not import`);
    references.add(file);
    return { $ref: refPrefix + definitionName(file) };
  });
  return { schema, references: [...references] };
}

function schemaOfInterface(
  declaration: ts.InterfaceDeclaration,
  name: string,
  resolveName: (type: string) => Schema,
): Schema {
  const description = descriptionOf(declaration);
  const fields = fieldsOf(declaration);
  if (fields.length === 0) return untyped.test(name) ? { description } : freeForm(description);
  const isKind = declaration.heritageClauses !== undefined;
  const properties: Record<string, Schema> = isKind ? { ...typeMeta } : {};
  for (const field of fields) {
    properties[field.name] ??= described(schemaOfType(field.type, resolveName), field.description);
  }
  const required = fields.filter((field) => !field.optional && !isTypeMeta(field.name, isKind)).map(({ name }) => name);
  return { description, type: "object", ...(required.length > 0 && { required: required.sort() }), properties };
}

function isTypeMeta(field: string, isKind: boolean): boolean {
  return isKind && Object.hasOwn(typeMeta, field);
}

const typeMeta: Record<string, Schema> = {
  apiVersion: {
    description:
      "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
    type: "string",
  },
  kind: {
    description:
      "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
    type: "string",
  },
};

function freeForm(description: string): Schema {
  return { description, type: "object", "x-kubernetes-preserve-unknown-fields": true };
}

/** A description beside a reference needs `allOf`: OpenAPI v3.0 ignores what stands next to `$ref`. */
function described(schema: Schema, description: string): Schema {
  if (description === "") return schema;
  return schema.$ref === undefined ? { description, ...schema } : { description, allOf: [schema] };
}

function importsOf(source: ts.SourceFile, path: string): Map<string, string> {
  const imports = new Map<string, string>();
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    const file = resolveModule(module, path);
    const bindings = statement.importClause?.namedBindings;
    if (file === undefined || bindings === undefined || !ts.isNamedImports(bindings)) continue;
    for (const element of bindings.elements) imports.set(element.name.text, file);
  }
  return imports;
}

function resolveModule(module: string, importer: string): string | undefined {
  const base = module.startsWith(".") ? resolve(dirname(importer), module) : join(modules, module);
  const file = `${base.replace(/\.js$/, "")}.d.ts`;
  return existsSync(file) ? file : undefined;
}

/** `.../kubernetes-models/apps/v1/Deployment.d.ts` -> `io.k8s.api.apps.v1.Deployment` */
export function definitionName(path: string): string {
  const type = basename(path, ".d.ts");
  if (path.startsWith(machinery)) {
    const parts = relative(machinery, dirname(path)).split("/");
    return ["io.k8s.apimachinery.pkg", ...parts, type].join(".");
  }
  const parts = relative(models, dirname(path)).split("/");
  const [group, version] = parts.length === 1 ? ["core", parts[0]] : parts;
  return [goPackage(group ?? ""), version, type].join(".");
}

const otherPackages: Record<string, string> = {
  "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
};

function goPackage(group: string): string {
  return otherPackages[group] ?? `io.k8s.api.${group.split(".")[0]}`;
}
