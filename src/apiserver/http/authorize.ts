/** Asks the authoriser. */
import { type Attributes, forbidden } from "../../http/attributes.ts";
import type { Authorizer } from "../rbac/authorizer.ts";

/** @throws StatusError Forbidden */
export function authorize(authorizer: Authorizer, attributes: Attributes): void {
  if (!authorizer.decide(attributes).allowed) throw forbidden(attributes);
}
