/**
 * Lets only so many work at the same time. Of those who wait, the most urgent is next; among equals, who came first.
 *
 * Work that shares the processors gains nothing from more company: everything would end at the same late moment, instead of one after the other.
 */
export interface Turns {
  /** @param urgency higher goes first */
  take<T>(urgency: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  urgency: number;
  begin(): void;
}

export function createTurns(atOnce: number): Turns {
  /** The next is the first. */
  const waiting: Waiting[] = [];
  let working = 0;

  function admit(urgency: number): Promise<void> | undefined {
    if (working < atOnce) {
      working += 1;
      return undefined;
    }
    const { promise, resolve: begin } = Promise.withResolvers<void>();
    const place = waiting.findIndex((other) => other.urgency < urgency);
    waiting.splice(place < 0 ? waiting.length : place, 0, { urgency, begin });
    return promise;
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    else next.begin();
  }

  return {
    async take(urgency, work) {
      await admit(urgency);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
