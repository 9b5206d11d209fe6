/** VNC clients of guests: a new one takes the place of the old, unless it asks to leave it alone. */
import { connect, type Socket } from "node:net";
import { connectSocketFile } from "../../base/connect-socket-file.ts";
import { StatusError } from "../../base/errors.ts";

export interface VncSessions {
  /** A connection to the guest's VNC server. @throws StatusError Conflict when a session is to be preserved */
  open(key: string, socketPath: string, preserveSession: boolean): Promise<Socket>;
}

export function createVncSessions(): VncSessions {
  const sessions = new Map<string, Socket>();
  return {
    async open(key, socketPath, preserveSession) {
      const makeWay = (): void => {
        const current = sessions.get(key);
        if (current && preserveSession)
          throw new StatusError("Conflict", `${key} has a VNC session already, which is to be preserved`);
        current?.destroy();
      };
      makeWay();
      const socket = await dial(socketPath);
      try {
        makeWay(); // for us, of those who dialled at the same time
      } catch (error) {
        socket.destroy();
        throw error;
      }
      sessions.set(key, socket);
      socket.once("close", () => {
        if (sessions.get(key) === socket) sessions.delete(key);
      });
      return socket;
    },
  };
}

export function dial(target: string | { host: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = typeof target === "string" ? connectSocketFile(target) : connect(target);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
