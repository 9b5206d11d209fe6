import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { isCriError } from "../../cri/client.ts";
import { ContainerState } from "../../cri/gen/runtime/v1/api.gen.ts";
import { isErrno } from "../../base/files.ts";
import { type LogRequest, readLog } from "../logs/read-log.ts";
import { containerOf, findTarget, type ServerContext } from "./target.ts";

/** `GET /containerLogs/NAMESPACE/POD/CONTAINER` with the query of `kubectl logs`. */
export async function serveContainerLogs(
  context: ServerContext,
  path: string[],
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const container = containerOf(await findTarget(context, path), query.get("previous") === "true");
  const closed = new AbortController();
  response.on("close", () => closed.abort());
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  const source = { path: container.logPath, ended: () => hasEnded(context, container.id) };
  try {
    await pipeline(readLog(source, logRequest(query), closed.signal), response);
  } catch (error) {
    // A client that leaves while it follows is the usual end.
    if (!isErrno(error, "ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR")) {
      throw error;
    }
  }
}

export function logRequest(query: URLSearchParams): LogRequest {
  const number = (name: string): number | undefined => (query.get(name) ? Number(query.get(name)) : undefined);
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  return {
    follow: query.get("follow") === "true",
    timestamps: query.get("timestamps") === "true",
    tailLines: number("tailLines"),
    limitBytes: number("limitBytes"),
    sinceMs:
      sinceSeconds === undefined ? (sinceTime ? Date.parse(sinceTime) : undefined) : Date.now() - sinceSeconds * 1000,
  };
}

async function hasEnded(context: ServerContext, containerId: string): Promise<boolean> {
  try {
    const { status } = await context.cri.runtime.containerStatus({ containerId });
    return status?.state === ContainerState.CONTAINER_EXITED;
  } catch (error) {
    if (isCriError(error, "NotFound")) {
      return true;
    }
    throw error;
  }
}
