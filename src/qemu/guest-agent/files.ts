/** Files of the guest, by the agent's handles. A handle that is not closed stays open in the agent until it ends. */
import { QmpProtocolError } from "../qmp/errors.ts";
import type { GuestAgent } from "./client.ts";
import { fieldsOf, numberOf } from "./shape.ts";

/** Of the file itself, before it is encoded. Small enough that an emulated guest of little memory answers soon. */
export const fileChunkBytes = 256 * 1024;
const callTimeoutMs = 60_000;

export interface GuestFile {
  /** The next piece; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  /** @throws QmpError when the guest cannot, for example because its disk is full */
  write(bytes: Buffer): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** `mode` as fopen(3) has it. @throws QmpError with the guest's reason */
export async function openGuestFile(agent: GuestAgent, path: string, mode: "r" | "w"): Promise<GuestFile> {
  const call = (command: string, args: object): Promise<unknown> =>
    agent.call(command, args, { timeoutMs: callTimeoutMs });
  const handle = numberOf(await call("guest-file-open", { path, mode }));
  if (handle === undefined) throw new QmpProtocolError("guest-file-open: the answer is no handle");
  return {
    async read() {
      const answer = fieldsOf(await call("guest-file-read", { handle, count: fileChunkBytes }));
      const text = answer["buf-b64"];
      const bytes = Buffer.from(typeof text === "string" ? text : "", "base64");
      return bytes.length > 0 ? bytes : undefined;
    },
    async write(bytes) {
      for (let offset = 0; offset < bytes.length; ) {
        const piece = bytes.subarray(offset, offset + fileChunkBytes);
        const answer = fieldsOf(await call("guest-file-write", { handle, "buf-b64": piece.toString("base64") }));
        const count = numberOf(answer["count"]) ?? 0;
        if (count <= 0 || count > piece.length) throw new QmpProtocolError(`guest-file-write: ${count} bytes written`);
        offset += count;
      }
    },
    async flush() {
      await call("guest-file-flush", { handle });
    },
    async close() {
      await call("guest-file-close", { handle });
    },
  };
}
