/** SubjectAccessReview and its siblings: may this user do that? (`kubectl auth can-i`) */
import type { UserInfo } from "../../../api/admission.ts";
import { answerJson } from "../../http/answer.ts";
import type { Attributes } from "../../http/attributes.ts";
import { field, list, record, text } from "../registry/field.ts";
import type { ReviewCall } from "./review.ts";

export async function selfSubjectAccessReview(call: ReviewCall): Promise<void> {
  await answer(call, "SelfSubjectAccessReview", call.user);
}

export async function subjectAccessReview(call: ReviewCall): Promise<void> {
  await answer(call, "SubjectAccessReview", subjectOf(await call.body()));
}

export async function localSubjectAccessReview(call: ReviewCall): Promise<void> {
  await answer(call, "LocalSubjectAccessReview", subjectOf(await call.body()));
}

function subjectOf(body: object): UserInfo {
  return {
    name: text(body, "spec", "user"),
    groups: list<string>(body, "spec", "groups"),
    uid: text(body, "spec", "uid"),
    extra: record<string[]>(body, "spec", "extra"),
  };
}

async function answer(call: ReviewCall, kind: string, user: UserInfo): Promise<void> {
  const body = await call.body();
  const { allowed, reason } = call.api.authorizer.decide(attributesOf(body, user));
  const status = { allowed, ...(reason && { reason }) };
  const metadata = { creationTimestamp: null };
  answerJson(call.response, 201, { ...body, kind, apiVersion: "authorization.k8s.io/v1", metadata, status });
}

function attributesOf(body: object, user: UserInfo): Attributes {
  const resource = field(body, "spec", "resourceAttributes");
  const path = field(body, "spec", "nonResourceAttributes");
  const base = { user, version: "", namespace: undefined, name: undefined, group: "", resource: "", subresource: "" };
  if (path !== undefined) return { ...base, verb: text(path, "verb"), nonResourcePath: text(path, "path") };
  const namespace = text(resource, "namespace");
  return {
    ...base,
    verb: text(resource, "verb"),
    group: text(resource, "group"),
    version: text(resource, "version"),
    resource: text(resource, "resource"),
    subresource: text(resource, "subresource"),
    namespace: namespace === "" ? undefined : namespace,
    name: text(resource, "name") || undefined,
  };
}
