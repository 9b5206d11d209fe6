import type { GuestOsInfo } from "../../qemu/guest-agent/queries.ts";

export interface GuestInterface {
  name: string;
  mac: string | undefined;
  /** Without loopback and link-local addresses. */
  addresses: string[];
}

/** What a guest's agent told. */
export interface GuestReport {
  os: GuestOsInfo | undefined;
  interfaces: GuestInterface[];
}
