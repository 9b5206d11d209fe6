/** The ways into an API, none of which holds up whoever else uses one: stock kubectl, and vmpod as its client. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { bin, type Output, patience, patiently, succeed } from "../embedded/instance.ts";
import { verbOf } from "./command-verbs.ts";

export interface ApiTools {
  kubeconfig: string;
  client: Client;
  /** @throws when kubectl fails */
  kubectl: (...args: string[]) => Promise<string>;
  tryKubectl: (args: string[], input?: string) => Promise<Output>;
  apply: (...objects: object[]) => Promise<string>;
  /** A field of an object by JSONPath, without braces; empty when it, or the object, is not there. */
  fieldOf: (object: string, path: string) => Promise<string>;
  vmpod: (...args: string[]) => Promise<Output>;
  /** One that is talked to while it runs. */
  startVmpod: (...args: string[]) => ChildProcessWithoutNullStreams;
  /** The verbs that vmpod was given. */
  verbsUsed: ReadonlySet<string>;
}

const programTimeoutMs = 300_000 * patience;

export async function apiTools(kubeconfig: string): Promise<ApiTools> {
  const verbsUsed = new Set<string>();
  const vmpodLine = (args: string[]) => {
    verbsUsed.add(verbOf(args));
    return [bin, "--kubeconfig", kubeconfig, ...args];
  };
  const tryKubectl = (args: string[], input?: string) =>
    run(["kubectl", "--kubeconfig", kubeconfig, ...patiently(args)], input);
  return {
    kubeconfig,
    client: createClient(await loadKubeconfig(kubeconfig)),
    verbsUsed,
    tryKubectl,
    async kubectl(...args) {
      return succeed(await tryKubectl(args), `kubectl ${args.join(" ")}`);
    },
    async apply(...objects) {
      const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      return succeed(await tryKubectl(["apply", "-f", "-"], list), "kubectl apply");
    },
    async fieldOf(object, path) {
      return (await tryKubectl(["get", object, "--ignore-not-found", "-o", `jsonpath={${path}}`])).stdout;
    },
    vmpod: (...args) => run(vmpodLine(args)),
    startVmpod(...args) {
      const [program = "", ...rest] = vmpodLine(args);
      return spawn(program, rest);
    },
  };
}

async function run(argv: string[], input = ""): Promise<Output> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { timeout: programTimeoutMs });
  child.stdin.on("error", () => undefined); // it ended without reading: its status tells
  child.stdin.end(input);
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await closed) as [number | null];
  return { status, stdout, stderr };
}
