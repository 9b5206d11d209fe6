/**
 * The one program. Its first argument names either a process of an instance (`apiserver`, `controller`, `agent`),
 * an operation on a whole instance (`up`, `down`, ...), each wired in a file of its own here, or a client command.
 * Everything is loaded only when it is asked for: `vmpod version` must not wait for the API server's code.
 */
import { exitStatusOf, runCommandLine } from "../cli/run-command-line.ts";

interface Wired {
  run(argv: string[]): Promise<number>;
}

const wired: Record<string, () => Promise<Wired>> = Object.fromEntries(
  ["apiserver", "controller", "agent", "up", "down", "status", "doctor"].map((name) => [
    name,
    () => import(new URL(`./${name}.ts`, import.meta.url).href) as Promise<Wired>,
  ]),
);

const [name = "", ...rest] = process.argv.slice(2);
const load = Object.hasOwn(wired, name) ? wired[name] : undefined;
const status = load
  ? await exitStatusOf(async () => (await load()).run(rest))
  : await runCommandLine(process.argv.slice(2));
// A command that has ended has ended, whatever connection or terminal it still holds.
process.exit(status);
