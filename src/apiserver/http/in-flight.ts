/** Bounds the requests that are worked on at once; streams and watches, which last, do not count. */
import { StatusError } from "../../base/errors.ts";

export interface InFlight {
  readonly running: number;
  /** @throws StatusError TooManyRequests */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function limitInFlight(most: number): InFlight {
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
        return await work();
      } finally {
        running -= 1;
      }
    },
  };
}
