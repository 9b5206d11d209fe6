import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { patience } from "../embedded/instance.ts";
import { piped } from "./instance.ts";

/** A program that is typed to and read from, as a person at a terminal would. */
export interface Conversation {
  /** Waits until it has written something new that matches. */
  expect(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  type(text: string): void;
  /** What was written and not yet matched. */
  unread(): string;
  exited: Promise<number | null>;
}

/** The program is ended with the test that it belongs to. */
export function converse(context: TestContext, child: ChildProcess): Conversation {
  context.after(() => child.kill());
  const { stdin, stdout, stderr } = piped(child);
  let unread = "";
  for (const stream of [stdout, stderr]) {
    stream.on("data", (chunk: Buffer) => {
      unread += chunk.toString();
      stdout.emit("unread");
    });
  }
  const exited = once(child, "close").then(([code]) => code as number | null);
  return {
    async expect(pattern, timeoutMs = 60_000) {
      const signal = AbortSignal.timeout(timeoutMs * patience);
      for (;;) {
        const match = pattern.exec(unread);
        if (match) {
          unread = unread.slice(match.index + match[0].length);
          return match;
        }
        await once(stdout, "unread", { signal }).catch(() => {
          throw new Error(`${pattern} did not appear within ${timeoutMs} ms; there is: ${JSON.stringify(unread)}`);
        });
      }
    },
    type: (text) => void stdin.write(text),
    unread: () => unread,
    exited,
  };
}
