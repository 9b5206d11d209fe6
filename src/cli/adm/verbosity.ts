/**
 * What `vmpod adm log-verbosity` is asked for and what becomes of the KubeVirt resource, in virtctl's words. Pure.
 *
 *   --virt-api            show      --all       show all
 *   --virt-api=5          set       --all=3     set all; a part's own flag counts before it
 *   --reset               as started; with further flags, these afterwards
 */

/** By their flags; what each is of vmpod is in the help. */
export const components = {
  "virt-api": "virtAPI",
  "virt-controller": "virtController",
  "virt-handler": "virtHandler",
  "virt-launcher": "virtLauncher",
  "virt-operator": "virtOperator",
} as const;

export type Component = keyof typeof components;
const names = Object.keys(components) as Component[];

const usual = 2;
const most = 9;
/** What virtctl takes for a flag without a number. */
const shown = 10;

/** A flag without a number is `true`. */
export type VerbosityFlags = { [Name in Component | "all"]?: string | true } & { reset?: boolean };

/** As the resource has it; `nodeVerbosity` is among it. */
export type StoredVerbosity = Record<string, unknown>;

export type Request = { type: "show"; components: Component[] } | { type: "set"; to: StoredVerbosity; reset: boolean };

/** @throws Error in virtctl's words */
export function requestOf(flags: VerbosityFlags): Request {
  const numbers = Object.fromEntries(
    [...names, "all" as const].flatMap((name) => {
      const value = flags[name];
      return value === undefined ? [] : [[name, value === true ? shown : numberOf(name, value)]];
    }),
  );
  if (flags.reset && flags.all !== undefined) throw new Error("--reset and --all cannot be given together");
  const values = Object.values(numbers);
  const [shows, sets] = [values.includes(shown), flags.reset || values.some((value) => value !== shown)];
  if (shows && sets) throw new Error("only show or set is allowed");
  if (!shows && !sets) throw new Error("no flag specified - expecting at least one flag");
  const wanted = names.filter((name) => numbers[name] !== undefined || numbers["all"] !== undefined);
  if (shows) return { type: "show", components: wanted };
  const to = Object.fromEntries(wanted.map((name) => [components[name], numbers[name] ?? numbers["all"]]));
  return { type: "set", to, reset: flags.reset ?? false };
}

function numberOf(flag: string, text: string): number {
  const value = Number(text);
  const isKnown = /^\d+$/.test(text) && (value <= most || value === shown);
  if (!isKnown) throw new Error(`${flag}: log verbosity must be 0-${most}`);
  return value;
}

/** One line for each part. */
export function shownVerbosity(wanted: readonly Component[], stored: StoredVerbosity): string[] {
  return wanted.map((name) => `${name}=${(stored[components[name]] as number | undefined) ?? usual}`);
}

/** What the resource has afterwards. */
export function verbosityAfter({ to, reset }: Request & { type: "set" }, stored: StoredVerbosity): StoredVerbosity {
  return reset ? to : { ...stored, ...to };
}
