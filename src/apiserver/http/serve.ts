/** Runs each request through the router: failures become answers, all of it is logged and counted. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { refuseUpgrade } from "../../streams/http-head.ts";
import type { ServerMetrics } from "../metrics.ts";
import { verbOf } from "../verbs/dispatch.ts";
import { answerError, statusErrorOf } from "./answer.ts";
import { callerOf } from "./caller.ts";
import { parseResourcePath } from "./path.ts";
import type { Route } from "./router.ts";

export interface Serve {
  request(request: ApiRequest, response: ApiResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

export function createServe(route: Route, metrics: ServerMetrics, log: Logger): Serve {
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
    const verb = path ? (verbOf(method, path, new URLSearchParams(query)) ?? method) : method.toLowerCase();
    const code = response.statusCode;
    metrics.finished({ verb, resource: path?.plural ?? "", code, seconds });
    log.debug({ user: callerOf(request), method, url, code, milliseconds: Math.round(seconds * 1000) }, "request");
  }
}
