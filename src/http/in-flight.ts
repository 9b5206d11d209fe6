/** Bounds the requests that are worked on at once, and how long; streams and watches, which last, do not count. */
import { StatusError } from "../base/errors.ts";

export interface InFlight {
  readonly running: number;
  /** @throws StatusError TooManyRequests, Timeout */
  run<T>(work: () => Promise<T>): Promise<T>;
}

const defaultTimeoutMs = 60_000;

export function limitInFlight(most: number, timeoutMs = defaultTimeoutMs): InFlight {
  let running = 0;
  return {
    get running() {
      return running;
    },
    async run(work) {
      if (running >= most)
        throw new StatusError(
          "TooManyRequests",
          "the server has received too many requests and has asked us to try again later",
          { retryAfterSeconds: 1 },
        );
      running += 1;
      try {
        return await inTime(work(), timeoutMs);
      } finally {
        running -= 1;
      }
    },
  };
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `the server was unable to complete the request within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new StatusError("Timeout", message, { retryAfterSeconds: 1 })), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
