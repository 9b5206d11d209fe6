import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Command, Option } from "commander";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { portNumber } from "../force.ts";
import { forwardTcp } from "../forward/tcp.ts";
import { interrupted } from "../interrupted.ts";
import { isProgram } from "../is-program.ts";
import { openStream } from "../open-stream.ts";
import { examples } from "../program.ts";
import { parseTarget } from "../target.ts";
import { defineScreenshot } from "../vnc-screenshot.ts";

interface VncOptions {
  address: string;
  port?: number;
  proxyOnly?: boolean;
  preserveSession?: boolean;
  vncPath?: string;
  vncType?: keyof typeof viewers;
}

export function define(command: Command): void {
  command
    .argument("<vmi>", "name of the VirtualMachineInstance")
    .option("--proxy-only", "start no viewer; print the local port as JSON")
    .option("--address <ip>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on (default: any free one)", portNumber)
    .option("--preserve-session", "refuse rather than take over from who watches now")
    .option("--vnc-path <file>", "viewer to start, given the address HOST:PORT")
    .addOption(new Option("--vnc-type <type>", "which kind of viewer that is").choices(Object.keys(viewers)))
    .action((name: string, options: VncOptions) => vnc(command, name, options));
  examples(
    command,
    ["Open a viewer (remote-viewer or vncviewer)", "vmpod vnc legacy"],
    ["Only the address, for a viewer of your own", "vmpod vnc legacy --proxy-only --port=5901"],
    ["Save the screen as a picture", "vmpod vnc screenshot legacy -f screen.png"],
  );
  defineScreenshot(command.command("screenshot"));
}

async function vnc(command: Command, name: string, options: VncOptions): Promise<void> {
  await withConnection(command, async (connection) => {
    const port = await listen(connection, name, options);
    if (options.proxyOnly) {
      console.log(JSON.stringify({ port }));
      await interrupted();
      return;
    }
    const viewer = findViewer(options);
    if (viewer) await runViewer(viewer, options.address, port);
    else {
      console.log(`The screen of ${name} is at ${options.address}:${port} (VNC). No viewer was found here: install`);
      console.log(
        `virt-viewer or tigervnc-viewer, or point your own to vnc://${options.address}:${port}. Ctrl-C ends.`,
      );
      await interrupted();
    }
  });
}

/** Reaches the machine before it listens, so that a refusal is told at once; the first viewer gets that stream. */
async function listen(connection: Connection, name: string, { address, port = 0, preserveSession }: VncOptions) {
  const machine = { ...parseTarget(name, connection.namespace), kind: "vmi" as const };
  const open = () => openStream(connection, machine, preserveSession ? "vnc?preserveSession=true" : "vnc");
  const first = [await failing(`Can't access VMI ${machine.name}:`, open())];
  return forwardTcp({
    address,
    port,
    open: async () => {
      const ready = first.pop();
      return ready?.readyState === ready?.OPEN && ready ? ready : open();
    },
  });
}

interface Viewer {
  file: string;
  target: (address: string) => string;
}

/** By virtctl's names of them. */
const viewers = {
  "remote-viewer": { file: "remote-viewer", target: (address: string): string => `vnc://${address}` },
  tiger: { file: "vncviewer", target: (address: string): string => address },
  real: { file: "vncviewer", target: (address: string): string => address },
} as const;

function findViewer({ vncPath, vncType }: VncOptions): Viewer | undefined {
  if (vncPath) return { ...viewers[vncType ?? "tiger"], file: vncPath };
  const known: Viewer[] = vncType ? [viewers[vncType]] : Object.values(viewers);
  return known.find(({ file }) => isProgram(file));
}

async function runViewer({ file, target }: Viewer, address: string, port: number): Promise<void> {
  const viewer = spawn(file, [target(`${address}:${port}`)], { stdio: "inherit" });
  const [status] = (await once(viewer, "close")) as [number | null];
  if (status !== 0) throw new Error(`${file} ended with status ${status}`);
}
