/** Commands that listen on a port of this machine, and reach the guest through it. */
import { once } from "node:events";
import net from "node:net";
import { eventually } from "../embedded/instance.ts";
import { stopMs } from "./facts.ts";
import type { Target } from "./target.ts";

/** Runs vmpod, finds in what it says the port that it listens at, uses that, and ends it. */
export async function withLocalPort<T>(
  target: Target,
  start: () => ReturnType<Target["startVmpod"]>,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const child = start();
  const closed = once(child, "close");
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const portIn = () => /(?:127\.0\.0\.1|"port"):(\d+)/.exec(said)?.[1];
  try {
    return await use(Number(await eventually(`${target.name}: a local port`, stopMs, portIn, () => said)));
  } finally {
    child.kill("SIGTERM");
    await closed;
  }
}

/** What is said there to who only listens. */
export async function greeting(port: number): Promise<Buffer> {
  const socket = net.connect(port, "127.0.0.1");
  try {
    const [first] = (await once(socket, "data", { signal: AbortSignal.timeout(stopMs) })) as [Buffer];
    return first;
  } finally {
    socket.destroy();
  }
}
