/** Sets of processors as the kernel writes them (cpuset(7), "list format"): `0-2,5`. */

export type CpuSet = readonly number[];

/** @returns undefined for anything that is none; the empty text is the empty set */
export function parseCpuSet(text: string): number[] | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const cpus = new Set<number>();
  for (const part of trimmed.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined || Number(first) > Number(last)) return undefined;
    for (let cpu = Number(first); cpu <= Number(last); cpu++) cpus.add(cpu);
  }
  return sorted(cpus);
}

export function formatCpuSet(cpus: Iterable<number>): string {
  const runs: [first: number, last: number][] = [];
  for (const cpu of sorted(new Set(cpus))) {
    const run = runs.at(-1);
    if (run && run[1] === cpu - 1) run[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

export function without(cpus: CpuSet, taken: Iterable<number>): number[] {
  const gone = new Set(taken);
  return cpus.filter((cpu) => !gone.has(cpu));
}

/** Processor to its core, whose name says nothing but which are the same. */
export type Cores = ReadonlyMap<number, string>;

/** Siblings next to each other: two neighbours of the result share a core where they can. */
export function byCore(cpus: CpuSet, cores: Cores): number[] {
  const groups = Map.groupBy(sorted(cpus), (cpu) => cores.get(cpu) ?? String(cpu));
  return [...groups.values()].flat();
}

function sorted(cpus: Iterable<number>): number[] {
  return [...cpus].sort((one, other) => one - other);
}
