import type { Duplex } from "node:stream";

/**
 * Joins two byte streams, both ways and with back-pressure, until both directions ended or either side failed.
 * An end in one direction is passed on as an end (half-close) so that the other direction can finish.
 */
export function splice(left: Duplex, right: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const close = (): void => {
      left.destroy();
      right.destroy();
      resolve();
    };
    const closed = (): void => {
      open -= 1;
      if (open === 0) close();
    };
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      from.on("error", close);
      from.on("close", close);
      to.on("finish", closed);
      from.pipe(to);
    }
    // Gone while the other was being dialled: nothing tells of it any more.
    if (left.destroyed || right.destroyed) close();
  });
}
