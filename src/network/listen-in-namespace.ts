/**
 * A listening socket in another network namespace, held by this process: a process of Node's listens there, hands the socket
 * over and ends. So nothing of ours stays in the pod, and who connects is known by the socket that he connected to.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:net";
import { join } from "node:path";
import { CommandError } from "../base/errors.ts";

export interface ListenAddress {
  address: string;
  port: number;
}

const program = join(import.meta.dirname, "listen-and-hand-over.ts");
const timeoutMs = 20_000;

/** The namespace lasts until the socket is closed. @throws CommandError */
export async function listenInNamespace(
  netnsPath: string,
  { address, port }: ListenAddress,
  signal?: AbortSignal,
): Promise<Server> {
  const argv = ["nsenter", `--net=${netnsPath}`, process.execPath, program, address, String(port)];
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const failed = once(child, "close", { signal: limit }).then(([code]) => {
    throw new CommandError(argv, Number(code), complaint);
  });
  failed.catch(() => undefined);
  try {
    const [, server] = (await Promise.race([once(child, "message", { signal: limit }), failed])) as [unknown, Server];
    return server;
  } finally {
    child.kill("SIGKILL");
  }
}
