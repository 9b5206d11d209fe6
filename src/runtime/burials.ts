/** Which objects were seen to go, by uid: what is told of one of them later is too late. The last thousand are remembered. */
export interface Burials {
  bury(uid: string): void;
  has(uid: string): boolean;
}

const remembered = 1_000;

export function createBurials(): Burials {
  const buried = new Set<string>();
  return {
    bury(uid) {
      buried.add(uid);
      const [oldest] = buried;
      if (buried.size > remembered && oldest !== undefined) buried.delete(oldest);
    },
    has: (uid) => buried.has(uid),
  };
}
