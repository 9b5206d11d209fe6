import { createHash } from "node:crypto";
import type { Container } from "../../../api/core.ts";

/** Changes when a running container has to be replaced: of a pod's containers only the image may change. */
export function specHash(container: Container): string {
  return createHash("sha256").update(`${container.name}\0${container.image}`).digest("hex").slice(0, 16);
}
