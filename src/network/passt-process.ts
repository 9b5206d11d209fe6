/**
 * Finds, starts and ends passt. A pod's network namespace holds at most one, and nobody but us starts any there, so it is known by its
 * command line and its namespace; every argument is in its command line, as with the DHCP answerer's.
 *
 *   QEMU listens ◀── we connect ── and hand the socket to passt, which ends when QEMU closes it
 *
 * One that ends leaves QEMU listening, so another one can take its place under a running guest.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import { isErrno, readTextIfThere, unlessMissing } from "../base/files.ts";
import { pidsOf } from "../base/processes.ts";
import { applyNetwork } from "./apply-network.ts";
import { inPod, namespaceIdentity } from "./dhcp-process.ts";
import { guestQuestions } from "./guest-questions.ts";
import { observeBridged } from "./observed-network.ts";
import { isPasst, type PasstAnswers, passtArgv, type PasstNetwork, passtSocket } from "./passt-argv.ts";

export type PasstRequest = Omit<PasstAnswers, "network"> & {
  network: Omit<PasstNetwork, "mtu">;
  /** Whom passt runs as: a user's number, also its group's. */
  owner: number;
  /** Directories of the cgroups for what runs in the pod's network. */
  cgroups: readonly string[];
};

/** Where a pod's passt is found, as paths of this process. */
export interface PasstPlace {
  netnsPath: string;
  /** At which QEMU listens. */
  socketPath: string;
  /** See `passtArgv`. */
  directory: string;
}

/** @throws Error with what passt says when it does not start */
export async function reconcilePasst(place: PasstPlace, request: PasstRequest, signal?: AbortSignal): Promise<void> {
  const { netnsPath, directory } = place;
  const { links, gateway } = await observeBridged(netnsPath, request.network.uplink, signal);
  const uplink = links.find(({ name }) => name === request.network.uplink);
  if (uplink === undefined) throw new Error(`the pod has no interface ${request.network.uplink} yet`);
  const argv = passtArgv(directory, { ...request, network: { ...request.network, mtu: uplink.mtu } });
  const running = await listPasst(netnsPath);
  if (running.some((passt) => passt.argv.join("\0") === argv.join("\0"))) return;
  for (const { pid } of running) stop(pid);
  await applyNetwork(netnsPath, { links: [], sysctls: rights(request.owner), ruleset: "" }, signal);
  const command = await inPod(netnsPath, asOwner(request.owner, argv), request.cgroups);
  const questions = guestQuestions(uplink.addresses, gateway);
  for (const endMs = performance.now() + portPatienceMs; ; await delay(portRetryMs, undefined, { signal })) {
    try {
      return await serve(place.socketPath, questions, command, signal);
    } catch (error) {
      if (!/Address already in use/.test(messageOf(error)) || performance.now() > endMs) throw error;
    }
  }
}

/** One that was killed a moment ago is not listed any more, but has yet to let go of its ports. */
const portPatienceMs = 2_000;
const portRetryMs = 50;

async function serve(
  socketPath: string,
  questions: readonly Buffer[],
  command: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const socket = await connected(socketPath, signal);
  try {
    await send(socket, questions);
    await start(command, socket, signal);
  } finally {
    socket.destroy();
  }
}

export async function listPasst(netnsPath: string): Promise<{ pid: number; argv: string[] }[]> {
  const netns = await namespaceIdentity(netnsPath);
  const found = await Promise.all(
    (await pidsOf("ld.so")).map(async (pid) => {
      const argv = (await readTextIfThere(`/proc/${pid}/cmdline`))?.split("\0").slice(0, -1) ?? [];
      const own = isPasst(argv) && (await unlessMissing(namespaceIdentity(`/proc/${pid}/ns/net`)));
      return own === netns ? [{ pid, argv }] : [];
    }),
  );
  return found.flat();
}

/** In the pod's network low ports, and pings, are for whoever runs there: passt has no capability that would let it have them. */
function rights(owner: number): { path: string; value: string }[] {
  return [
    { path: "ipv4/ip_unprivileged_port_start", value: "0" },
    { path: "ipv4/ping_group_range", value: `"${owner} ${owner}"` },
  ];
}

/**
 * passt waits for the rest of a packet that has come in part, so its socket must be a blocking one. A standard stream is made one for the
 * process that inherits it, others are left as they are; but standard streams are what passt closes when it goes into the background.
 * All ports need a file each, which are more than most processes may open.
 */
const prepare = `ulimit -n 1048576 2>/dev/null || true; exec "$@" ${passtSocket}<&0 </dev/null`;

function asOwner(owner: number, argv: readonly string[]): string[] {
  const identity = [`--reuid=${owner}`, `--regid=${owner}`, "--clear-groups"];
  const rights = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return ["sh", "-c", prepare, "sh", "setpriv", ...identity, ...rights, "--", ...argv];
}

/** passt puts itself into the background once its ports are open, so success means that it serves. */
async function start(argv: readonly string[], socket: Socket, signal: AbortSignal | undefined): Promise<void> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: [socket, "ignore", "pipe"], signal });
  const said = child.stderr === null ? Promise.resolve("") : text(child.stderr);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`passt does not start: ${complaintOf(await said)}`);
}

/** Nothing is read: whatever comes is passt's. */
async function connected(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connect(path);
  socket.pause();
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // QEMU may go at any moment: whoever writes is told.
  return socket.on("error", () => undefined);
}

/** As QEMU wants frames on a stream: each after its length. */
async function send(socket: Socket, frames: readonly Buffer[]): Promise<void> {
  const bytes = frames.flatMap((frame) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    return [length, frame];
  });
  await new Promise<void>((resolve, reject) =>
    socket.write(Buffer.concat(bytes), (error) => (error ? reject(error) : resolve())),
  );
}

const remedies: [pattern: RegExp, remedy: string][] = [
  [
    /Too many open files/,
    "the node agent may not open as many files as there are ports: name those that the guest serves in the interface's ports",
  ],
  [
    /user namespace|isolating namespaces/,
    "the node's kernel lets no unprivileged process make a user namespace: permit it (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)",
  ],
];

function complaintOf(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const remedy = remedies.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1];
  return [lines.at(-1) ?? "it does not say why", ...(remedy ? [remedy] : [])].join(": ");
}

function stop(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}
