/**
 * An OpenAPI v2 document as gnostic's protobuf message `openapi.v2.Document`, which is all that `kubectl`
 * before 1.27 accepts (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`).
 *
 * The numbers are the field numbers of gnostic's OpenAPIv2.proto. Maps are lists of name and value there;
 * values of any kind are YAML text, for which JSON is good enough.
 */
import type { JsonObject, Schema } from "../schema/schema.ts";
import type { OpenApiV2 } from "./openapi-v2.ts";
import { ProtoWriter } from "./proto-writer.ts";

export const openApiV2ProtobufType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

export function encodeOpenApiV2(document: OpenApiV2): Uint8Array {
  const writer = new ProtoWriter();
  writer.string(1, document.swagger);
  writer.message(2, (info) => {
    info.string(1, document.info.title);
    info.string(2, document.info.version);
  });
  writer.message(8, (paths) => {
    for (const [path, item] of Object.entries(document.paths))
      named(paths, 2, path, (value) => writePathItem(value, item));
  });
  writer.message(9, (definitions) => writeSchemas(definitions, document.definitions));
  return writer.bytes();
}

function named(writer: ProtoWriter, field: number, name: string, write: (value: ProtoWriter) => void): void {
  writer.message(field, (entry) => {
    entry.string(1, name);
    entry.message(2, write);
  });
}

const methodFields: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function writePathItem(writer: ProtoWriter, item: JsonObject): void {
  for (const [method, operation] of Object.entries(item)) {
    const field = methodFields[method];
    if (field !== undefined) writer.message(field, (value) => writeOperation(value, operation as Operation));
  }
}

interface Operation extends JsonObject {
  operationId: string;
  tags: string[];
  consumes?: string[];
  parameters: { name: string; in: string; description: string; type: string; uniqueItems: boolean }[];
  responses: Record<string, { description: string; schema?: Schema }>;
}

function writeOperation(writer: ProtoWriter, operation: Operation): void {
  writer.strings(1, operation.tags);
  writer.string(5, operation.operationId);
  writer.strings(7, operation.consumes);
  for (const parameter of operation.parameters) writeQueryParameter(writer, parameter);
  writer.message(9, (responses) => {
    for (const [code, { description, schema }] of Object.entries(operation.responses)) {
      named(responses, 1, code, (value) => {
        value.message(1, (response) => {
          response.string(1, description);
          if (schema) response.message(2, (item) => item.message(1, (inner) => writeSchema(inner, schema)));
        });
      });
    }
  });
  writeExtensions(writer, 13, operation);
}

/** ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema */
function writeQueryParameter(writer: ProtoWriter, parameter: Operation["parameters"][number]): void {
  const write = (query: ProtoWriter) => {
    query.string(2, parameter.in);
    query.string(3, parameter.description);
    query.string(4, parameter.name);
    query.string(6, parameter.type);
    query.bool(20, parameter.uniqueItems);
  };
  writer.message(8, (item) => item.message(1, (any) => any.message(2, (nonBody) => nonBody.message(3, write))));
}

function writeSchemas(writer: ProtoWriter, schemas: Record<string, Schema>): void {
  for (const [name, schema] of Object.entries(schemas)) named(writer, 1, name, (value) => writeSchema(value, schema));
}

function writeSchema(writer: ProtoWriter, schema: Schema): void {
  const { items, properties, additionalProperties, type } = schema;
  writer.string(1, schema.$ref);
  writer.string(2, schema.format);
  writer.string(3, schema.title);
  writer.string(4, schema.description);
  writer.double(6, schema.multipleOf);
  writer.double(7, schema.maximum);
  writer.bool(8, schema.exclusiveMaximum);
  writer.double(9, schema.minimum);
  writer.bool(10, schema.exclusiveMinimum);
  writer.int(11, schema.maxLength);
  writer.int(12, schema.minLength);
  writer.string(13, schema.pattern);
  writer.int(14, schema.maxItems);
  writer.int(15, schema.minItems);
  writer.bool(16, schema.uniqueItems);
  writer.int(17, schema.maxProperties);
  writer.int(18, schema.minProperties);
  writer.strings(19, schema.required);
  for (const value of schema.enum ?? []) writer.message(20, (any) => any.string(2, JSON.stringify(value)));
  if (typeof additionalProperties === "object")
    writer.message(21, (item) => item.message(1, (value) => writeSchema(value, additionalProperties)));
  if (type !== undefined) writer.message(22, (value) => value.strings(1, [type]));
  if (items) writer.message(23, (list) => list.message(1, (value) => writeSchema(value, items)));
  if (properties) writer.message(25, (map) => writeSchemas(map, properties));
  writeExtensions(writer, 31, schema);
}

function writeExtensions(writer: ProtoWriter, field: number, object: object): void {
  for (const [name, value] of Object.entries(object)) {
    if (name.startsWith("x-")) named(writer, field, name, (any) => any.string(2, JSON.stringify(value)));
  }
}
