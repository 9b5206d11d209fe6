/**
 * The admission webhooks: POST /mutate and /validate.
 *
 * An API server calls webhooks without proof of who it is, unless its administrator gave it one; so by default
 * anybody who reaches the port may ask. A forged question learns what the public rules say, and changes nothing but what
 * the owner of a machine chose to happen at an eviction (docs/decisions/0013-webhook-callers.md).
 */
import type { AdmissionPlugin, ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { answerJson } from "../../http/answer.ts";
import { limitInFlight } from "../../http/in-flight.ts";
import { type ReviewPhase, reviewAdmission } from "../admission/review.ts";
import { readBody } from "../read-body.ts";

export interface Webhooks {
  phaseOf(path: string): ReviewPhase | undefined;
  answer(phase: ReviewPhase, request: ApiRequest, response: ApiResponse): Promise<void>;
}

/** Two objects of the largest size that an API server takes, and what is around them. */
const maxReviewBytes = 7 * 1024 * 1024;
/** As long as webhook configurations wait by default. */
const timeoutMs = 10_000;
const mostInFlight = 200;

export function createWebhooks(plugins: readonly AdmissionPlugin[]): Webhooks {
  const inFlight = limitInFlight(mostInFlight, timeoutMs);
  return {
    phaseOf: (path) => phases.get(path),
    async answer(phase, request, response) {
      if (request.method !== "POST") throw new StatusError("MethodNotAllowed", "webhooks are called by POST");
      if (!isJson(request))
        throw new StatusError("UnsupportedMediaType", "webhooks are called with content type application/json");
      const review = await inFlight.run(async () =>
        reviewAdmission(plugins, phase, await readBody(request, maxReviewBytes)),
      );
      answerJson(response, 200, review);
    },
  };
}

const phases: ReadonlyMap<string, ReviewPhase> = new Map([
  ["/mutate", "mutate"],
  ["/validate", "validate"],
]);

function isJson({ headers }: ApiRequest): boolean {
  return /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");
}
