/**
 * Who each QEMU is to the other one of a migration between two nodes.
 *
 *   source's agent                        register                        target's agent
 *   authority A signs a client's ── A's certificate ──▶ the target's QEMU admits only who A signed
 *   the source's QEMU goes only to ◀── B's certificate ── authority B signs a server's
 *   whom B signed
 *
 * Each authority is made for one migration, signs once, and its key is forgotten at once. So a certificate opens one way for one
 * guest; no other pod has one, not even another launcher; no secret goes through the API; and nothing has to be rotated. What one has
 * to trust is the register, which only vmpod's own components may write.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rmdir, unlink, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import { generateAuthority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import { hostPathOf } from "../process/container-files.ts";

export type Side = "client" | "server";

export interface Credentials {
  side: Side;
  /** For the other end. */
  authorityPem: string;
  certificatePem: string;
  keyPem: string;
}

/** The name in all these certificates: which one it is, its authority tells. */
export const peerName = "vmpod-migration";

/** Asked for when a connection is made; a long transfer outlives it. */
const lifetimeMs = 24 * 60 * 60 * 1000;

/** Id of the object in QEMU. */
export const credentialsId = (side: Side): string => `migration-${side}`;

export async function createCredentials(side: Side): Promise<Credentials> {
  const authority = await generateAuthority({ commonName: `${peerName}-${side}`, lifetimeMs });
  const request = { commonName: peerName, dnsNames: [peerName], usages: [side] };
  const pair = await issueCertificate(authority, request, { lifetimeMs });
  return { side, authorityPem: authority.certificatePem, ...pair };
}

/** Gives them to a QEMU. It reads the files once, so they are there only meanwhile. */
export async function presentCredentials(
  { qmp, pid }: { qmp: QmpClient; pid: number },
  credentials: Credentials,
  peerAuthorityPem: string,
): Promise<void> {
  const id = credentialsId(credentials.side);
  await tolerateQmpError(qmp.execute("object-del", { id }));
  await withFiles(pid, credentialFiles(credentials, peerAuthorityPem), (directory) =>
    loadCredentials(qmp, credentials.side, directory),
  );
}

/** By the names under which QEMU looks for them. */
export function credentialFiles(
  { side, certificatePem, keyPem }: Credentials,
  peerAuthorityPem: string,
): Record<string, string> {
  return { "ca-cert.pem": peerAuthorityPem, [`${side}-cert.pem`]: certificatePem, [`${side}-key.pem`]: keyPem };
}

export async function loadCredentials(qmp: QmpClient, side: Side, directory: string): Promise<void> {
  await qmp.execute("object-add", {
    "qom-type": "tls-creds-x509",
    id: credentialsId(side),
    dir: directory,
    endpoint: side,
    "verify-peer": true,
    // It would ask for our own certificate to be signed by the authority that the peer's is signed by.
    "sanity-check": false,
  });
}

/** What is to be there no longer may never have been. */
export async function tolerateQmpError(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!(error instanceof QmpError)) throw error;
  });
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** In a new directory that becomes QEMU's once everything is in it. @param use is given its path as QEMU sees it */
async function withFiles(
  pid: number,
  files: Readonly<Record<string, string>>,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const name = `.tls-${randomBytes(6).toString("hex")}`;
  await using run = await open(hostPathOf(pid, launcherPaths.run), directoryFlags);
  await mkdir(within(run, name), { mode: 0o700 });
  await using directory = await open(within(run, name), directoryFlags);
  try {
    for (const [file, content] of Object.entries(files)) await writeOwned(within(directory, file), content);
    await directory.chown(runtimeUser, runtimeUser);
    await use(`${launcherPaths.run}/${name}`);
  } finally {
    for (const file of Object.keys(files)) await unlink(within(directory, file));
    await rmdir(within(run, name));
  }
}

async function writeOwned(path: string, content: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await writeFile(file, content);
  await file.chown(runtimeUser, runtimeUser);
}

function within({ fd }: FileHandle, name: string): string {
  return `/proc/${process.pid}/fd/${fd}/${name}`;
}
