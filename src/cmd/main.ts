/**
 * The one program. Its first argument names either a process of an instance (`apiserver`, `controller`, `agent`), one of a cluster's pods
 * (`cluster-...`), an operation on a whole instance (`up`, `down`, ...), each wired in a file of its own here, or a client command.
 * Everything is loaded only when it is asked for: `vmpod version` must not wait for the API server's code.
 */
import "./exit-for-sure.ts";
import { flushCompileCache } from "node:module";
import { exitStatusOf, runCommandLine } from "../cli/run-command-line.ts";

interface Wired {
  run(argv: string[]): Promise<number>;
}

const wired: Record<string, () => Promise<Wired>> = {
  apiserver: () => import("./apiserver.ts"),
  controller: () => import("./controller.ts"),
  agent: () => import("./agent.ts"),
  up: () => import("./up.ts"),
  down: () => import("./down.ts"),
  status: () => import("./status.ts"),
  doctor: () => import("./doctor.ts"),
  "cluster-api-extension": () => import("./cluster/api-extension.ts"),
  "cluster-controller": () => import("./cluster/controller.ts"),
  "cluster-agent": () => import("./cluster/agent.ts"),
};

const [name = "", ...rest] = process.argv.slice(2);
const load = Object.hasOwn(wired, name) ? wired[name] : undefined;
const status = load
  ? await exitStatusOf(async () => {
      const program = await load();
      // Now, not at exit: a process that is killed, or may write no file by then, should start faster the next time too.
      flushCompileCache();
      return program.run(rest);
    })
  : await runCommandLine(process.argv.slice(2));
// A command that has ended has ended, whatever connection or terminal it still holds.
process.exit(status);
