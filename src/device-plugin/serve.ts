/** The device plugin API of one resource on a unix socket, as the kubelet calls it (gRPC over h2c). */
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { rm } from "node:fs/promises";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { replacingAuthority } from "./authority.ts";
import type { DeviceResource } from "./device-resource.ts";
import { DevicePlugin } from "./gen/deviceplugin/v1beta1/api.gen.ts";

export interface PluginServer {
  close(): Promise<void>;
}

/** A socket that is there already is a former self's: it is replaced. */
export async function servePlugin(socketPath: string, resource: DeviceResource): Promise<PluginServer> {
  const routes = (router: ConnectRouter) => router.service(DevicePlugin, pluginOf(resource));
  const http2 = createHttp2Server(connectNodeAdapter({ routes, connect: false, grpcWeb: false }));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The other end went: what it asked for is of no interest any more.
    socket.on("error", () => socket.destroy());
    const readable = socket.pipe(replacingAuthority());
    http2.emit("connection", Duplex.from({ readable, writable: socket }));
  });
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function pluginOf({ capacity, device }: DeviceResource) {
  const devices = Array.from({ length: capacity }, (_, index) => ({ ID: String(index), health: "Healthy" }));
  return {
    getDevicePluginOptions: () => ({}),
    async *listAndWatch(_request: unknown, { signal }: HandlerContext) {
      yield { devices };
      // As long as it is open the devices count as there.
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    /** Which of the countable ones it was does not matter: all are the same device. */
    allocate: ({ containerRequests }: { containerRequests: readonly unknown[] }) => ({
      containerResponses: containerRequests.map(() => ({
        devices: [{ hostPath: device.hostPath, containerPath: device.containerPath, permissions: "rw" }],
      })),
    }),
  };
}
