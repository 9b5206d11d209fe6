/**
 * The networks that a pod has beside its own, attached before its first container starts, and as its annotation changes.
 *
 *   annotation ─▶ definitions ─▶ note: PODDIR/networks/SANDBOX_INTERFACE.json ─▶ CNI ADD ─▶ told by network-status.ts
 *   sandbox gone, or no longer asked for ─▶ each note ─▶ CNI DEL ─▶ note removed
 *
 * The note comes first and holds what DEL needs, so whoever is killed in between, or finds the definition gone, can still
 * clean up. An interface may be in the namespace before its address is, or in the middle of an ADD that fails and is followed by a DEL: that it
 * is there as a whole is told by the pod's annotation only.
 */
import { mkdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Pod, pods } from "../../../api/core.ts";
import {
  networkAttachmentDefinitions,
  type NetworkRequest,
  networksAnnotation,
  networkStatusAnnotation,
  requestedNetworks,
} from "../../../api/network-attachments.ts";
import { InvariantError, isStatus, TerminalError } from "../../base/errors.ts";
import { listIfThere, readTextIfThere, writeAtomically } from "../../base/files.ts";
import { isCriError } from "../../cri/client.ts";
import { PodSandboxState } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import { podDir } from "../pods/paths.ts";
import { addressesOf } from "../pods/runtime-state.ts";
import { type CniPlugin, cniPlugins } from "./cni-plugins.ts";
import { attachedNetwork, type Given, givenBy, ownNetwork } from "./network-status.ts";
import { addInterface, type CniTarget, deleteInterface } from "./run-plugins.ts";

interface Note {
  target: CniTarget;
  plugins: CniPlugin[];
  /** Once ADD was successful. */
  given?: Given;
}

const notesDir = (rootDir: string, uid: string): string => join(podDir(rootDir, uid), "networks");
/** Linux' rules for the name of an interface, and no path. */
const interfacePattern = /^[A-Za-z0-9][\w.-]{0,14}$/;

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** The last one by sandbox: one after the other, though containers of one pod start at the same time. */
const running = new Map<string, Promise<void>>();

/** What is asked for, as it stands there. */
export function networksTextOf({ metadata, spec }: Pod): string {
  return spec?.hostNetwork === true ? "" : (metadata?.annotations?.[networksAnnotation] ?? "");
}

/** Idempotent; also detaches what is no longer asked for. @throws TerminalError with the reason that the container waits for */
export async function attachNetworks(context: KubeletContext, pod: Pod, sandboxId: string): Promise<void> {
  if (pod.spec?.hostNetwork === true) return;
  const before = running.get(sandboxId) ?? Promise.resolve();
  const attaching = before.catch(() => undefined).then(() => attachAll(context, pod, sandboxId));
  running.set(sandboxId, attaching);
  try {
    await attaching;
  } finally {
    if (running.get(sandboxId) === attaching) running.delete(sandboxId);
  }
}

async function attachAll(context: KubeletContext, pod: Pod, sandboxId: string): Promise<void> {
  const uid = pod.metadata?.uid ?? "";
  const wanted = requests(pod);
  const names = new Set(wanted.map((request) => request.interface));
  await detachNetworks(context.rootDir, uid, async ({ target }) => {
    // A container that was to start in a sandbox of before may come late: what the newer one has is not its to take away.
    if (target.sandboxId !== sandboxId) return (await isReady(context, target.sandboxId)) ? "wanted" : "gone";
    return names.has(target.interface) ? "wanted" : "unwanted";
  });
  if (wanted.length === 0 && pod.metadata?.annotations?.[networkStatusAnnotation] === undefined) return;
  const { netnsPath, ips } = await sandboxNetwork(context, sandboxId);
  const told = [ownNetwork(context.instance, ips)];
  for (const request of wanted) {
    const target: CniTarget = { sandboxId, netnsPath, interface: request.interface };
    const file = join(notesDir(context.rootDir, uid), `${sandboxId}_${request.interface}.json`);
    const given = (await readNote(file))?.given ?? (await attach(file, await noteFor(context, request, target)));
    told.push(attachedNetwork(`${request.namespace}/${request.name}`, request.interface, given));
  }
  await tell(context, pod, JSON.stringify(told));
}

async function noteFor(context: KubeletContext, request: NetworkRequest, target: CniTarget): Promise<Note> {
  const plugins = await pluginsOf(context, request);
  return { target, plugins: plugins.map((plugin) => withMac(plugin, request.mac)) };
}

async function attach(file: string, note: Note): Promise<Given> {
  await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
  await writeAtomically(file, JSON.stringify(note), 0o600);
  // What an attempt of before left.
  await deleteInterface(note.target, note.plugins);
  const given = givenBy(await addInterface(note.target, note.plugins), note.target.interface);
  await writeAtomically(file, JSON.stringify({ ...note, given }), 0o600);
  return given;
}

async function tell({ client }: KubeletContext, { metadata = {} }: Pod, text: string): Promise<void> {
  if (metadata.annotations?.[networkStatusAnnotation] === text) return;
  const { namespace, name = "", uid } = metadata;
  const body = { metadata: { uid, annotations: { [networkStatusAnnotation]: text } } };
  await client.patch(pods, { namespace, name }, { type: "merge", body }, { subresource: "status" });
}

/** Its sandbox is gone, or it is not. */
type Fate = "gone" | "unwanted" | "wanted";

/** Of a pod whose sandboxes are gone; or of those that are, and of what is not wanted. */
export async function detachNetworks(
  rootDir: string,
  uid: string,
  fateOf: (note: Note) => Promise<Fate> = () => Promise.resolve("gone"),
): Promise<void> {
  const directory = notesDir(rootDir, uid);
  for (const name of (await listIfThere(directory)).filter((each) => each.endsWith(".json"))) {
    const note = await readNote(join(directory, name));
    const fate = note && (await fateOf(note));
    if (fate === "wanted") continue;
    if (note !== undefined)
      await deleteInterface({ ...note.target, ...(fate === "gone" && { netnsPath: "" }) }, note.plugins);
    await unlink(join(directory, name));
  }
}

async function readNote(file: string): Promise<Note | undefined> {
  const text = await readTextIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as Note);
}

async function isReady({ cri }: KubeletContext, podSandboxId: string): Promise<boolean> {
  try {
    const { status } = await cri.runtime.podSandboxStatus({ podSandboxId });
    return status?.state === PodSandboxState.SANDBOX_READY;
  } catch (error) {
    if (isCriError(error, "NotFound")) return false;
    throw error;
  }
}

/** The runtime tells the namespace only to who asks for everything. */
async function sandboxNetwork({ cri }: KubeletContext, podSandboxId: string) {
  const { info, status } = await cri.runtime.podSandboxStatus({ podSandboxId, verbose: true });
  const { runtimeSpec } = JSON.parse(info["info"] ?? "{}") as {
    runtimeSpec?: { linux?: { namespaces?: { type: string; path?: string }[] } };
  };
  const path = runtimeSpec?.linux?.namespaces?.find(({ type }) => type === "network")?.path;
  if (!path) throw new InvariantError(`sandbox ${podSandboxId} has no network namespace of its own`);
  return { netnsPath: path, ips: addressesOf(status?.network) };
}

function requests(pod: Pod): NetworkRequest[] {
  const refuse = (reason: string): never => {
    throw new TerminalError("NetworkNotAttachable", `annotation ${networksAnnotation}: ${reason}`);
  };
  try {
    const found = requestedNetworks(pod);
    const taken = new Set(["lo", "eth0"]);
    for (const { interface: link, mac } of found) {
      if (!interfacePattern.test(link)) refuse(`"${link}" cannot be the name of an interface`);
      if (taken.has(link)) refuse(`there are two interfaces named ${link}`);
      if (mac !== undefined && !macPattern.test(mac)) refuse(`"${mac}" is no MAC address`);
      taken.add(link);
    }
    return found;
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(error.message);
    throw error;
  }
}

function withMac(plugin: CniPlugin, mac: string | undefined): CniPlugin {
  return mac === undefined ? plugin : { ...plugin, runtimeConfig: { mac } };
}

async function pluginsOf(
  { client, addressesDir }: KubeletContext,
  { namespace, name }: NetworkRequest,
): Promise<CniPlugin[]> {
  try {
    const definition = await client.get(networkAttachmentDefinitions, { namespace, name });
    return cniPlugins(definition, addressesDir);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    const message = `there is no NetworkAttachmentDefinition ${namespace}/${name}: create it`;
    throw new TerminalError("NetworkNotAttachable", message);
  }
}
