/**
 * From nothing to a running instance, each step only as far as it is missing:
 *
 *   credentials ──> apiserver ─────────────────┬──> controller ──> definitions ──> node Ready
 *   images ──> containerd ──> import images ───┴──> agent ─────────────────────────────┘
 */
import { namespaces, type Node, nodes } from "../../api/core.ts";
import { type Instance, nodeAddressOf, pathsOf, serviceCidrsOf } from "../base/instance.ts";
import type { Logger } from "../base/log.ts";
import { createClient } from "../client/create-client.ts";
import type { Client } from "../client/client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { waitFor } from "../client/wait-for.ts";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import { importImages, provideImages, referenceOf } from "./container-images.ts";
import { ensureContainerd, keepContainerdRunning } from "./containerd.ts";
import { ensureCredentials } from "./credentials.ts";
import { applyDefinitions } from "./definitions.ts";
import { unprivilegedUser, withoutNewPrivileges } from "./unprivileged.ts";
import { readState, writeState } from "./state-file.ts";
import type { SupervisedProcess, Supervisor } from "./supervisor.ts";

export interface BringUpOptions {
  supervisor: Supervisor;
  /** Runs `vmpod ARG...`: the Node program and the entry point. */
  program: readonly string[];
  log: Logger;
  onProgress: (message: string) => void;
  signal: AbortSignal;
  /** The instance runs and only its supervisor was lost: go on with its processes and images, build nothing, and wait for no node. */
  takeOver?: boolean;
}

const readyTimeoutMs = 60_000;

export async function bringUp(instance: Instance, options: BringUpOptions): Promise<void> {
  const { supervisor, program, log, onProgress, signal } = options;
  const paths = pathsOf(instance);
  const start = (target: SupervisedProcess) => (options.takeOver ? supervisor.adopt(target) : supervisor.start(target));
  const run = (name: string, ...args: string[]) => start({ name, argv: [...program, name, ...args] });
  const runUnprivileged = (name: string, ...args: string[]) =>
    start({
      name,
      argv: [...withoutNewPrivileges, ...program, name, "--run-as", String(unprivilegedUser), ...args],
    });

  // Only root may listen there.
  const runApiserver = instance.apiPort < 1024 ? run : runUnprivileged;

  await ensureCredentials(instance);
  await runApiserver("apiserver", ...apiserverFlags(instance));
  const apiReady = untilApiReady(instance, onProgress, signal);
  // Told where it is awaited, which may be minutes later; until then it is nobody's failure, and must not end the process.
  apiReady.catch(() => undefined);
  const runOthers = () =>
    Promise.all([
      run("agent", "--instance-file", paths.instanceFile),
      runUnprivileged("controller", "--instance-file", paths.instanceFile),
    ]);
  // They are there already, and are looked after whatever becomes of the rest.
  if (options.takeOver) await runOthers();
  const recorded = options.takeOver ? readState(paths.instanceFile)?.images : undefined;
  const images = recorded ?? (await recordImages(instance, onProgress));
  await ensureContainerd(instance, images.pause);
  keepContainerdRunning(instance, images.pause, log, signal);
  onProgress("containerd is running");
  if (!recorded) await importImages(instance, await provideImages(instance, onProgress));
  const client = await apiReady;
  await Promise.all([
    options.takeOver ? undefined : runOthers(),
    applyDefinitions(client, instance).then(() => onProgress("the kinds of kubevirt.io are served")),
  ]);
  if (!options.takeOver) {
    await untilNodeReady(client, instance, signal);
    onProgress(`node ${instance.nodeName} is Ready`);
  }
  client.close();
}

/** Builds what is missing, and notes which images this instance uses. */
async function recordImages(instance: Instance, onProgress: BringUpOptions["onProgress"]) {
  const built = await provideImages(instance, onProgress);
  const images = { pause: referenceOf(built, "pause"), launcher: referenceOf(built, "launcher") };
  await writeState({ instance, images });
  return images;
}

function apiserverFlags(instance: Instance): string[] {
  const flags = {
    "--data-dir": instance.dataDir,
    "--instance": instance.name,
    "--bind-address": instance.bindAddress,
    "--port": String(instance.apiPort),
    "--advertise-address": nodeAddressOf(instance),
    "--service-cidr": serviceCidrsOf(instance).join(","),
    "--extension-kubeconfig": pathsOf(instance).kubeconfig("extension"),
  };
  return Object.entries(flags).flat();
}

async function untilApiReady(
  instance: Instance,
  onProgress: BringUpOptions["onProgress"],
  signal: AbortSignal,
): Promise<Client> {
  const client = createClient(await loadKubeconfig(pathsOf(instance).kubeconfig("admin")));
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const failure = await client.get(namespaces, { name: "default" }).then(() => undefined, messageOf);
    if (failure === undefined) break;
    if (performance.now() > deadline)
      throw new Error(`the API server did not become ready: ${failure}; see ${pathsOf(instance).logs}/apiserver.log`);
    // Nothing to watch yet: the API is what we wait for.
    await delay(25, undefined, { signal });
  }
  onProgress(`the API answers on https://127.0.0.1:${instance.apiPort}`);
  return client;
}

async function untilNodeReady(client: Client, { nodeName }: Instance, signal: AbortSignal): Promise<void> {
  const isReady = (node: Node | undefined) =>
    node?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
  await waitFor(client, nodes, { name: nodeName }, isReady, { timeoutMs: readyTimeoutMs, signal });
}
