/**
 * A loopback server for the client's tests: one collection of objects with list (paged), watch, and faults on demand.
 * It is as little of a Kubernetes API as shows how the client behaves when that misbehaves.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, Resource } from "../../api/meta.ts";

export interface Widget extends KubeObject {
  size?: number;
}

export const widgets: Resource<Widget> = {
  group: "example.com",
  version: "v1",
  plural: "widgets",
  kind: "Widget",
  namespaced: true,
};

interface LoggedEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: Widget;
}

export interface ExampleServer {
  readonly url: string;
  readonly revision: number;
  put(name: string, size: number): void;
  remove(name: string): void;
  content(): Widget[];
  /** Forgets the events so far: watches from before get 410. */
  compact(): void;
  /** Ends every connection, in the middle of what it says. */
  cutConnections(): void;
  /** Ends the running watches properly. */
  endWatches(): void;
  /** The next requests are answered with these statuses. */
  failNext(...codes: number[]): void;
  readonly requests: string[];
  readonly watches: number;
  /** No connections are accepted until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function startExampleServer(): Promise<ExampleServer> {
  const objects = new Map<string, Widget>();
  const requests: string[] = [];
  const failures: number[] = [];
  let watches: { response: ServerResponse }[] = [];
  let log: (LoggedEvent & { revision: number })[] = [];
  let revision = 0;
  let compacted = 0;
  let creations = 0;

  function record(type: LoggedEvent["type"], object: Widget): void {
    log.push({ type, object, revision });
    for (const { response } of watches) sendLine(response, { type, object });
  }

  function list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get("limit") ?? 0) || Number.POSITIVE_INFINITY;
    const start = Number(url.searchParams.get("continue") ?? 0);
    const all = [...objects.values()];
    const end = start + limit;
    const metadata = { resourceVersion: `${revision}`, ...(end < all.length && { continue: `${end}` }) };
    sendJson(response, 200, {
      kind: "WidgetList",
      apiVersion: "example.com/v1",
      metadata,
      items: all.slice(start, end),
    });
  }

  function watch(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get("resourceVersion"));
    response.writeHead(200, { "content-type": "application/json" });
    if (from < compacted) {
      sendLine(response, { type: "ERROR", object: status(410, "Expired") });
      return void response.end();
    }
    for (const event of log) if (event.revision > from) sendLine(response, { type: event.type, object: event.object });
    sendLine(response, { type: "BOOKMARK", object: { kind: "Widget", metadata: { resourceVersion: `${revision}` } } });
    const watcher = { response };
    watches.push(watcher);
    response.once("close", () => {
      watches = watches.filter((other) => other !== watcher);
    });
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://localhost");
    requests.push(`${request.method} ${request.url}`);
    const failure = failures.shift();
    if (failure) return sendJson(response, failure, status(failure, reasons[failure] ?? "InternalError"));
    if (url.searchParams.get("watch") === "true") return watch(url, response);
    if (url.pathname.endsWith("/widgets")) return list(url, response);
    const found = objects.get(url.pathname.split("/").at(-1) ?? "");
    sendJson(response, found ? 200 : 404, found ?? status(404, "NotFound"));
  }

  const server = createServer(answer);
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  /** The kernel may have given the port to somebody's connection meanwhile, who gives it back soon. */
  const listenAgain = async (port: number): Promise<void> => {
    for (const deadline = Date.now() + longestTakenMs; ; ) {
      try {
        return await listen(port);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  };
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get revision() {
      return revision;
    },
    get watches() {
      return watches.length;
    },
    put(name, size) {
      revision++;
      const before = objects.get(name);
      const uid = before?.metadata?.uid ?? `uid-${++creations}`;
      const managedFields = [{ manager: "example" }];
      const metadata = { name, namespace: "default", uid, resourceVersion: `${revision}`, managedFields };
      const object = { metadata, size };
      objects.set(name, object);
      record(before ? "MODIFIED" : "ADDED", object);
    },
    remove(name) {
      const before = objects.get(name);
      if (!before) return;
      revision++;
      objects.delete(name);
      record("DELETED", { ...before, metadata: { ...before.metadata, resourceVersion: `${revision}` } });
    },
    content: () => [...objects.values()],
    compact() {
      compacted = revision;
      log = [];
    },
    cutConnections: () => server.closeAllConnections(),
    endWatches() {
      for (const { response } of watches) response.end();
      watches = [];
    },
    failNext: (...codes) => void failures.push(...codes),
    pause: stop,
    resume: () => listenAgain(port),
    close: stop,
  };
}

const longestTakenMs = 60_000;

const reasons: Record<number, string> = { 403: "Forbidden", 503: "ServiceUnavailable" };

function status(code: number, reason: string) {
  return { kind: "Status", apiVersion: "v1", status: "Failure", reason, code, message: `${reason} (example)` };
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendLine(response: ServerResponse, line: unknown): void {
  response.write(`${JSON.stringify(line)}\n`);
}
