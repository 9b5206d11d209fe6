/** The same plugins as admission webhooks of a cluster: AdmissionReview v1 in, AdmissionReview v1 out. */
import jsonPatch from "fast-json-patch";
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { messageOf, type Status, StatusError } from "../../base/errors.ts";
import { parseReview } from "./parse-review.ts";

export interface AdmissionReview {
  apiVersion: "admission.k8s.io/v1";
  kind: "AdmissionReview";
  response: ReviewResponse;
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

/** @throws StatusError BadRequest when it is no AdmissionReview; a refusal is an answer */
export async function reviewAdmission(
  plugins: readonly AdmissionPlugin[],
  phase: ReviewPhase,
  review: unknown,
): Promise<AdmissionReview> {
  const { uid, request } = parseReview(review);
  const matching = plugins.filter((plugin) => plugin.matches(request));
  const response = await answer(uid, () =>
    phase === "mutate" ? mutate(matching, request) : validate(matching, request),
  );
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

type Verdict = Omit<ReviewResponse, "uid" | "allowed">;

async function answer(uid: string, decide: () => Promise<Verdict>): Promise<ReviewResponse> {
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
