/** What a Node process really holds: its heap in use right after a full collection, asked over its inspector. */
import { setTimeout as delay } from "node:timers/promises";

const openMs = 10_000;

/** The inspector stays open afterwards, and the process has collected: measure its memory before. */
export async function liveHeapBytes(pid: number, port: number): Promise<number> {
  const socket = await openInspector(pid, port);
  try {
    await ask(socket, 1, "HeapProfiler.collectGarbage");
    const { usedSize } = await ask<{ usedSize: number }>(socket, 2, "Runtime.getHeapUsage");
    return usedSize;
  } finally {
    socket.close();
  }
}

async function openInspector(pid: number, port: number): Promise<WebSocket> {
  process.kill(pid, "SIGUSR1");
  const socket = new WebSocket(await socketAddress(port));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the inspector does not answer")), { once: true });
  });
  return socket;
}

async function socketAddress(port: number): Promise<string> {
  const deadline = Date.now() + openMs;
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/json`);
      const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
      if (target) return target.webSocketDebuggerUrl;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await delay(50); // it opens soon after the signal, and nothing tells when
  }
}

function ask<T>(socket: WebSocket, id: number, method: string): Promise<T> {
  return new Promise((resolve) => {
    socket.addEventListener("message", function onMessage({ data }) {
      const answer = JSON.parse(String(data)) as { id?: number; result: T };
      if (answer.id !== id) return;
      socket.removeEventListener("message", onMessage);
      resolve(answer.result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
