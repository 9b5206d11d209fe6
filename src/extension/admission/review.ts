/** The same plugins as admission webhooks of a cluster: AdmissionReview v1 in, AdmissionReview v1 out. */
import jsonPatch from "fast-json-patch";
import type { AdmissionPlugin, AdmissionRequest, UserInfo } from "../../../api/admission.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { messageOf, type Status, StatusError } from "../../base/errors.ts";

export interface AdmissionReview {
  apiVersion: "admission.k8s.io/v1";
  kind: "AdmissionReview";
  request?: ReviewRequest;
  response?: ReviewResponse;
}

interface ReviewRequest {
  uid: string;
  kind: { group: string; version: string; kind: string };
  resource: { group: string; version: string; resource: string };
  subResource?: string;
  name?: string;
  namespace?: string;
  operation: AdmissionRequest["operation"];
  userInfo: { username?: string; groups?: string[]; uid?: string };
  object?: KubeObject | null;
  oldObject?: KubeObject | null;
  dryRun?: boolean;
}

interface ReviewResponse {
  uid: string;
  allowed: boolean;
  status?: Status;
  patchType?: "JSONPatch";
  /** Base64 of a JSON patch. */
  patch?: string;
  warnings?: string[];
}

export type ReviewPhase = "mutate" | "validate";

export async function reviewAdmission(
  plugins: readonly AdmissionPlugin[],
  phase: ReviewPhase,
  review: AdmissionReview,
): Promise<AdmissionReview> {
  const asked = review.request;
  if (asked === undefined) throw new StatusError("BadRequest", "AdmissionReview: request is missing");
  const request = requestOf(asked);
  const matching = plugins.filter((plugin) => plugin.matches(request));
  const response = await answer(asked, () =>
    phase === "mutate" ? mutate(matching, request) : validate(matching, request),
  );
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

type Verdict = Omit<ReviewResponse, "uid" | "allowed">;

async function answer({ uid }: ReviewRequest, decide: () => Promise<Verdict>): Promise<ReviewResponse> {
  try {
    return { uid, allowed: true, ...(await decide()) };
  } catch (error) {
    const refusal = error instanceof StatusError ? error : new StatusError("InternalError", messageOf(error));
    return { uid, allowed: false, status: refusal.toStatus() };
  }
}

async function mutate(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<Verdict> {
  const before = structuredClone(request.object);
  if (before === undefined) return {};
  for (const plugin of plugins) request.object = (await plugin.mutate?.(request)) ?? request.object;
  const operations = jsonPatch.compare(before, request.object ?? {});
  if (operations.length === 0) return {};
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(operations)).toString("base64") };
}

async function validate(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<Verdict> {
  const warnings: string[] = [];
  for (const plugin of plugins) warnings.push(...((await plugin.validate?.(request)) ?? []));
  return warnings.length > 0 ? { warnings } : {};
}

function requestOf(asked: ReviewRequest): AdmissionRequest {
  const { group, version, resource: plural } = asked.resource;
  const user: UserInfo = { name: asked.userInfo.username ?? "", groups: asked.userInfo.groups ?? [] };
  return {
    operation: asked.operation,
    resource: { group, version, plural, kind: asked.kind.kind, namespaced: asked.namespace !== undefined },
    subresource: asked.subResource ?? "",
    namespace: asked.namespace,
    name: asked.name ?? "",
    user,
    dryRun: asked.dryRun ?? false,
    object: asked.object ?? undefined,
    oldObject: asked.oldObject ?? undefined,
  };
}
