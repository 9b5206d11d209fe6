/** Runs each request through the router: failures become answers, all of it is logged and counted. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiRequest, ApiResponse } from "../../api/admission.ts";
import { StatusError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { refuseUpgrade } from "../streams/http-head.ts";
import { answerError, statusErrorOf } from "./answer.ts";
import { callerOf } from "./caller.ts";
import type { RequestMetrics } from "./metrics.ts";
import { parseResourcePath } from "./path.ts";
import { verbOf } from "./verb.ts";

/** Who answers; what it throws becomes the answer. */
export interface Route {
  request(request: ApiRequest, response: ApiResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** Never rejects. */
export type Serve = Route;

export function createServe(route: Route, metrics: RequestMetrics, log: Logger): Serve {
  return {
    async request(request, response) {
      const started = performance.now();
      metrics.inFlight(1);
      try {
        await route.request(request, response);
      } catch (error) {
        const failure = answerError(response, error);
        // What the server says on purpose is no failure of its own.
        if (!(error instanceof StatusError))
          log.error({ error: failure.message, method: request.method, url: request.url }, "request failed");
      } finally {
        metrics.inFlight(-1);
        record(request, response, (performance.now() - started) / 1000);
      }
    },
    async upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      log.debug({ method: request.method, url: request.url }, "stream");
      try {
        await route.upgrade(request, socket, head);
      } catch (error) {
        refuseUpgrade(socket, statusErrorOf(error));
      }
    },
  };

  function record(request: ApiRequest, response: ApiResponse, seconds: number): void {
    const { method = "GET", url = "/" } = request;
    const [pathname = "/", query = ""] = url.split("?");
    const path = parseResourcePath(pathname);
    const verb = path && verbOf(method, path, new URLSearchParams(query));
    const code = response.statusCode;
    // Whoever may not ask does not choose the labels: each new value costs memory for ever.
    const resource = code === 401 || code === 403 ? "" : (path?.plural ?? "");
    metrics.finished({ verb: verb ?? "other", resource, code, seconds });
    log.debug({ user: callerOf(request), method, url, code, milliseconds: Math.round(seconds * 1000) }, "request");
  }
}
