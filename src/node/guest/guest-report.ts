/** What the guest agent told about its guest, in QEMU guest agent's own terms made plain. */

export interface GuestInterface {
  name: string;
  mac: string | undefined;
  /** Without loopback and link-local addresses. */
  addresses: string[];
}

export interface GuestOs {
  id?: string;
  kernelRelease?: string;
  kernelVersion?: string;
  machine?: string;
  name?: string;
  prettyName?: string;
  version?: string;
  versionId?: string;
}

export interface GuestReport {
  os: GuestOs | undefined;
  hostname: string | undefined;
  interfaces: GuestInterface[];
}
