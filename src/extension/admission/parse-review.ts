/**
 * Reads an AdmissionReview of admission.k8s.io/v1. What it says of itself is checked field by field, since whoever reaches the
 * port may send one; the object in it stays as it is, for the plugins and the schema to judge.
 */
import type { AdmissionRequest, UserInfo } from "../../../api/admission.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";

export interface ParsedReview {
  /** Comes back in the answer. */
  uid: string;
  request: AdmissionRequest;
}

const reviewVersion = "admission.k8s.io/v1";
const operations = ["CREATE", "UPDATE", "DELETE", "CONNECT"] as const;
const longestShown = 64;

type Fields = Readonly<Record<string, unknown>>;

/** @throws StatusError BadRequest naming field, value and what it must be */
export function parseReview(body: unknown): ParsedReview {
  const review = fieldsOf(body, "the request's body");
  if (review["apiVersion"] !== reviewVersion || review["kind"] !== "AdmissionReview")
    throw wrong("apiVersion and kind", [review["apiVersion"], review["kind"]], `${reviewVersion} AdmissionReview`);
  const asked = fieldsOf(review["request"], "request");
  const resource = fieldsOf(asked["resource"], "request.resource");
  const kind = fieldsOf(asked["kind"], "request.kind");
  const namespace = optionalText(asked["namespace"], "request.namespace");
  return {
    uid: text(asked["uid"], "request.uid"),
    request: {
      operation: operationOf(asked["operation"]),
      resource: {
        group: optionalText(resource["group"], "request.resource.group") ?? "",
        version: text(resource["version"], "request.resource.version"),
        plural: text(resource["resource"], "request.resource.resource"),
        kind: text(kind["kind"], "request.kind.kind"),
        namespaced: namespace !== undefined,
      },
      subresource: optionalText(asked["subResource"], "request.subResource") ?? "",
      namespace,
      name: optionalText(asked["name"], "request.name") ?? "",
      user: userOf(fieldsOf(asked["userInfo"], "request.userInfo")),
      dryRun: asked["dryRun"] === true,
      object: objectOf(asked["object"], "request.object"),
      oldObject: objectOf(asked["oldObject"], "request.oldObject"),
    },
  };
}

function operationOf(value: unknown): AdmissionRequest["operation"] {
  const known = operations.find((operation) => operation === value);
  if (known === undefined) throw wrong("request.operation", value, operations.join(", "));
  return known;
}

function userOf(user: Fields): UserInfo {
  const uid = optionalText(user["uid"], "request.userInfo.uid");
  return {
    name: optionalText(user["username"], "request.userInfo.username") ?? "",
    groups: texts(user["groups"], "request.userInfo.groups"),
    ...(uid && { uid }),
  };
}

function objectOf(value: unknown, field: string): KubeObject | undefined {
  if (value === undefined || value === null) return undefined;
  const object = fieldsOf(value, field);
  if (object["metadata"] !== undefined) fieldsOf(object["metadata"], `${field}.metadata`);
  return object;
}

function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(field, value, "a JSON object");
}

function text(value: unknown, field: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(field, value, "a string that is not empty");
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || typeof value === "string") return value || undefined;
  throw wrong(field, value, "a string");
}

function texts(value: unknown, field: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw wrong(field, value, "a list of strings");
}

function wrong(field: string, value: unknown, wanted: string): StatusError {
  const shown = (JSON.stringify(value) ?? "nothing").slice(0, longestShown);
  return new StatusError("BadRequest", `AdmissionReview: ${field} is ${shown}, but must be ${wanted}`);
}
