import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import type { WebSocket } from "ws";
import { messageOf } from "../../base/errors.ts";
import { spliceWebSocket } from "../../streams/splice-web-socket.ts";

/** A local port whose connections each go through a stream of their own. */
export interface Forwarding {
  address: string;
  /** 0: any free one. */
  port: number;
  open: () => Promise<WebSocket>;
}

/** Listens until the process ends. @returns the local port */
export async function forwardTcp({ address, port, open }: Forwarding): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    open()
      .then((ws) => spliceWebSocket(ws, socket))
      .catch((error: unknown) => {
        process.stderr.write(`error: ${messageOf(error)}\n`);
        socket.destroy();
      });
  });
  server.listen(port, address);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
