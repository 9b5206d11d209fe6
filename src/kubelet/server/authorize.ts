import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { StatusError } from "../../base/errors.ts";
import { kubeletClientGroup, kubeletClientName } from "../options.ts";

/** The client's certificate was verified by TLS; only the API server may ask. @throws StatusError Forbidden */
export function authorize(request: IncomingMessage): void {
  const { subject } = (request.socket as TLSSocket).getPeerCertificate();
  const groups = [subject?.O ?? []].flat();
  const names = [subject?.CN ?? []].flat();
  if (!groups.includes(kubeletClientGroup) && !names.includes(kubeletClientName)) {
    const who = names[0] ?? "anonymous";
    throw new StatusError(
      "Forbidden",
      `User "${who}" cannot use the kubelet API: it needs the group ${kubeletClientGroup}`,
    );
  }
}
