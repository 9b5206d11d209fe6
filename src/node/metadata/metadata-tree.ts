/**
 * What a guest may read of itself, under the paths that AWS made known: as a tree, whose listings follow from it. Pure.
 *
 *   latest/meta-data/instance-id        latest/user-data        latest/dynamic/instance-identity/document
 */

export interface InstanceFacts {
  /** As cloud-init's other sources tell it: the same at each start of the same machine. */
  instanceId: string;
  namespace: string;
  hostname: string;
  /** Of its network card. */
  address: string;
  mac: string;
  /** The pod's, by which others reach it. */
  publicAddress: string | undefined;
  zone: string;
  region: string | undefined;
  instanceType: string | undefined;
  architecture: string;
  createdAt: string;
  publicKeys: readonly string[];
  userData: Uint8Array | undefined;
}

type Entry = string | Uint8Array | Directory;
interface Directory {
  [name: string]: Entry | undefined;
}

export const versions = ["2009-04-04", "2021-03-23", "latest"] as const;

/** A file's content, or a directory's listing; undefined when there is no such path. */
export function read(facts: InstanceFacts, path: string): string | Uint8Array | undefined {
  const [version, ...names] = path.split("/").filter((name) => name !== "");
  if (version === undefined) return versions.join("\n");
  if (!versions.some((known) => known === version)) return undefined;
  const found = names.reduce<Entry | undefined>(below, treeOf(facts));
  if (found === undefined || typeof found === "string" || found instanceof Uint8Array) return found;
  return names.join("/") === "meta-data/public-keys" ? keyNames(facts) : listing(found);
}

function below(entry: Entry | undefined, name: string): Entry | undefined {
  if (entry === undefined || typeof entry === "string" || entry instanceof Uint8Array) return undefined;
  return Object.hasOwn(entry, name) ? entry[name] : undefined;
}

function listing(directory: Directory): string {
  const entries = Object.entries(directory).filter(([, entry]) => entry !== undefined);
  const isFile = (entry: Entry | undefined): boolean => typeof entry === "string" || entry instanceof Uint8Array;
  return entries.map(([name, entry]) => (isFile(entry) ? name : `${name}/`)).join("\n");
}

/** The one listing that tells more than names. */
function keyNames({ publicKeys }: InstanceFacts): string {
  return publicKeys.map((_, index) => `${index}=key${index}`).join("\n");
}

function treeOf(facts: InstanceFacts): Directory {
  return {
    dynamic: { "instance-identity": { document: identityDocument(facts) } },
    "meta-data": metaData(facts),
    "user-data": facts.userData,
  };
}

function metaData(facts: InstanceFacts): Directory {
  const { publicKeys, publicAddress, mac, address } = facts;
  const addresses = { "local-ipv4s": address, mac, "public-ipv4s": publicAddress };
  return {
    hostname: facts.hostname,
    "instance-id": facts.instanceId,
    "instance-type": facts.instanceType,
    "local-hostname": facts.hostname,
    "local-ipv4": address,
    mac,
    network: { interfaces: { macs: { [mac]: { ...addresses, "device-number": "0" } } } },
    placement: { "availability-zone": facts.zone, region: facts.region },
    "public-ipv4": publicAddress,
    ...(publicKeys.length > 0 && {
      "public-keys": Object.fromEntries(publicKeys.map((key, index) => [String(index), { "openssh-key": key }])),
    }),
  };
}

function identityDocument(facts: InstanceFacts): string {
  const document = {
    accountId: facts.namespace,
    architecture: facts.architecture,
    availabilityZone: facts.zone,
    instanceId: facts.instanceId,
    instanceType: facts.instanceType,
    pendingTime: facts.createdAt,
    privateIp: facts.address,
    region: facts.region,
    version: "2017-09-30",
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
