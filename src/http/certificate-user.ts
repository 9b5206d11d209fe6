/** A verified client certificate names the user: CN is the name, every O a group. */
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { UserInfo } from "../../api/admission.ts";

/** What is read of a TLS connection; node's HTTP/2 hands out a proxy with these. */
type Peer = Pick<TLSSocket, "authorized" | "getPeerCertificate">;

export function certificateUser(socket: Peer): UserInfo | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const name = one(subject?.CN);
  return name === undefined ? undefined : { name, groups: all(subject?.O) };
}

function all(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function one(value: string | string[] | undefined): string | undefined {
  return all(value)[0];
}
