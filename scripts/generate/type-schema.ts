/** Turns TypeScript type nodes of upstream's `.d.ts` files into schemas, by syntax alone (no type checker). */
import ts from "typescript-5";
import type { Schema } from "../../src/apimachinery/schema/schema.ts";

/** What a type name means: a `$ref`, or a schema in its place. */
export type ResolveName = (name: string) => Schema;

export interface Field {
  name: string;
  optional: boolean;
  description: string;
  type: ts.TypeNode;
}

export function fieldsOf(declaration: ts.InterfaceDeclaration): Field[] {
  return declaration.members.filter(ts.isPropertySignature).map((member) => ({
    name: nameText(member.name),
    optional: member.questionToken !== undefined,
    description: descriptionOf(member),
    type: member.type ?? ts.factory.createKeywordTypeNode(ts.SyntaxKind.UnknownKeyword),
  }));
}

export function descriptionOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return docs
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "")
    .join("\n")
    .trim();
}

export function schemaOfType(node: ts.TypeNode, resolve: ResolveName): Schema {
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { type: "string" };
    case ts.SyntaxKind.BooleanKeyword:
      return { type: "boolean" };
    case ts.SyntaxKind.NumberKeyword:
      return { type: "integer" };
    case ts.SyntaxKind.ObjectKeyword:
      return { type: "object" };
    default:
      return schemaOfComposite(node, resolve);
  }
}

function schemaOfComposite(node: ts.TypeNode, resolve: ResolveName): Schema {
  if (ts.isTypeReferenceNode(node)) return schemaOfReference(node, resolve);
  if (ts.isTypeLiteralNode(node)) return schemaOfMap(node, resolve);
  if (ts.isLiteralTypeNode(node)) return { type: "string" };
  if (ts.isUnionTypeNode(node)) return { type: "string", enum: node.types.map(literalText).sort() };
  throw new Error(`no schema for the type ${node.getText()}`);
}

function schemaOfReference(node: ts.TypeReferenceNode, resolve: ResolveName): Schema {
  const name = node.typeName.getText();
  const [argument] = node.typeArguments ?? [];
  return name === "Array" && argument ? { type: "array", items: schemaOfType(argument, resolve) } : resolve(name);
}

/** `{ [key: string]: T }` */
function schemaOfMap(node: ts.TypeLiteralNode, resolve: ResolveName): Schema {
  const [member] = node.members;
  if (member === undefined || !ts.isIndexSignatureDeclaration(member)) return { type: "object" };
  return { type: "object", additionalProperties: schemaOfType(member.type, resolve) };
}

function literalText(node: ts.TypeNode): string {
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return node.literal.text;
  throw new Error(`expected a string literal, found ${node.getText()}`);
}

function nameText(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) ? name.text : name.getText();
}
