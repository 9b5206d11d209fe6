/** A node registers only itself (see rbac/node.ts for what it may change later). */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { nodeOf } from "../rbac/node.ts";

export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  matches: (request) => nodeOf(request) !== undefined && request.operation === "CREATE" && request.subresource === "",
  validate(request) {
    const node = nodeOf(request);
    const { plural } = request.resource;
    if ((plural !== "nodes" && plural !== "leases") || request.name === node) return;
    throw new StatusError(
      "Forbidden",
      `${plural} "${request.name}" is forbidden: node "${node ?? ""}" may not create ${plural} of another name`,
      {
        name: request.name,
        kind: plural,
      },
    );
  },
};
