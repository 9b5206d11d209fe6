/**
 * One conversation with a guest's agent over QEMU's socket.
 *
 * The protocol is QMP's without greeting or ids, and the other end may be in the middle of an answer to somebody who
 * has left, or may not be there at all. So a conversation begins with a synchronisation: a 0xFF byte, which makes the
 * agent drop what it was parsing, and a command whose answer carries our number; all before that answer is stale.
 */
import { randomInt } from "node:crypto";
import { connect, type Socket } from "node:net";
import { QmpClosed, QmpError, QmpTimeout } from "../../qemu/qmp/errors.ts";
import { LineSplitter } from "../../qemu/qmp/lines.ts";
import { parseMessage, type QmpMessage } from "../../qemu/qmp/message.ts";
import type { AgentClient } from "./agent-client.ts";

export interface AgentConnection extends AgentClient {
  close(): void;
}

const connectTimeoutMs = 2_000;
const syncTimeoutMs = 5_000;
const defaultTimeoutMs = 10_000;
/** A guest must not make us keep more than this for one answer. */
const longestAnswer = 4 * 1024 * 1024;

/** @throws QmpClosed, QmpTimeout when nobody answers */
export async function openAgentConnection(socketPath: string): Promise<AgentConnection> {
  const connection = converse(socketPath, connect(socketPath));
  try {
    await connection.synchronise();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

interface Waiting {
  command: string;
  accepts(message: QmpMessage): boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

function converse(socketPath: string, socket: Socket): AgentConnection & { synchronise(): Promise<void> } {
  const splitter = new LineSplitter(longestAnswer);
  let waiting: Waiting | undefined;
  socket.setTimeout(connectTimeoutMs, () => socket.connecting && socket.destroy());
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => receive(bytes));
  socket.on("close", () => waiting?.reject(new QmpClosed(socketPath, `${waiting.command}: the guest agent is gone`)));

  function receive(bytes: Buffer): void {
    try {
      for (const line of splitter.push(withoutMarks(bytes))) settle(parseMessage(line));
    } catch (error) {
      waiting?.reject(error instanceof Error ? error : new Error(String(error)));
      socket.destroy();
    }
  }

  function settle(message: QmpMessage): void {
    if (waiting === undefined || !waiting.accepts(message)) return;
    if (message.type === "return") waiting.resolve(message.value);
    else if (message.type === "error") {
      waiting.reject(new QmpError(waiting.command, message.errorClass, message.description));
    }
  }

  function ask(
    command: string,
    args: object | undefined,
    timeoutMs: number,
    accepts: Waiting["accepts"] = () => true,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(new QmpTimeout(socketPath, command, timeoutMs))), timeoutMs);
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        waiting = undefined;
        settle();
      };
      waiting = {
        command,
        accepts,
        resolve: (value) => finish(() => resolve(value)),
        reject: (error) => finish(() => reject(error)),
      };
      if (socket.destroyed) return waiting.reject(new QmpClosed(socketPath, `${command}: the guest agent is gone`));
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  }

  return {
    async synchronise() {
      const id = randomInt(1, 2 ** 31);
      socket.write(Buffer.of(0xff));
      await ask("guest-sync-delimited", { id }, syncTimeoutMs, (message) => {
        return message.type === "return" && message.value === id;
      });
    },
    execute: (command, args, options) => ask(command, args, options?.timeoutMs ?? defaultTimeoutMs),
    close: () => void socket.destroy(),
  };
}

/** The agent's own 0xFF before its answer to a synchronisation. */
function withoutMarks(bytes: Buffer): Buffer {
  return bytes.includes(0xff) ? Buffer.from(bytes.filter((byte) => byte !== 0xff)) : bytes;
}
