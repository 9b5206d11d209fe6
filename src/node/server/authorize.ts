/** Who may call this server: holders of a client certificate of the cluster's authority that names a known user or group. */
import type { TLSSocket } from "node:tls";
import { StatusError } from "../../base/errors.ts";

const users = ["vmpod-api-extension"];
const groups = ["vmpod:node-api", "system:masters"];

/** @throws StatusError Unauthorized, Forbidden */
export function authorize(socket: TLSSocket): void {
  const { subject } = socket.getPeerCertificate();
  if (!socket.authorized || subject === undefined) {
    throw new StatusError("Unauthorized", "a client certificate of the cluster's authority is required");
  }
  const names = valuesOf(subject.CN);
  const organizations = valuesOf(subject.O);
  const isKnown = names.some((name) => users.includes(name)) || organizations.some((each) => groups.includes(each));
  if (!isKnown)
    throw new StatusError("Forbidden", `user ${names.join(", ")} may not use the node's virtual machine API`);
}

/** A name that occurs once comes as a string. */
function valuesOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}
