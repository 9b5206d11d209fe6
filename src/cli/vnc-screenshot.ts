import { writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import { callStream } from "../client/call.ts";
import { createTransport } from "../client/transport.ts";
import { withConnection } from "./connection.ts";
import { failing } from "./failing.ts";
import { examples } from "./program.ts";
import { subresourcePath } from "./subresource.ts";
import { parseTarget } from "./target.ts";

interface ScreenshotOptions {
  file: string;
  moveCursor?: boolean;
}

export function defineScreenshot(command: Command): void {
  command
    .description("Save the guest's screen as a PNG picture.")
    .argument("<vmi>", "name of the VirtualMachineInstance")
    .requiredOption("-f, --file <path>", "where to write the picture; - is standard output")
    .option("-m, --move-cursor", "wake the screen by moving the pointer first")
    .action((name: string, options: ScreenshotOptions) => screenshot(command, name, options));
  examples(command, ["Save the screen", "vmpod vnc screenshot legacy -f screen.png"]);
}

async function screenshot(command: Command, text: string, { file, moveCursor }: ScreenshotOptions): Promise<void> {
  await withConnection(command, async ({ config, namespace }) => {
    const machine = { ...parseTarget(text, namespace), kind: "vmi" as const };
    const path = subresourcePath(machine, `vnc/screenshot?moveCursor=${moveCursor === true}`);
    const transport = createTransport(config);
    try {
      const call = { method: "GET", path, headers: { accept: "image/png, application/json" } };
      const response = await failing(`Can't access VMI ${machine.name}:`, callStream(transport, call));
      const picture = await buffer(response.body);
      if (file === "-") process.stdout.write(picture);
      else await writeFile(file, picture);
    } finally {
      transport.close();
    }
  });
}
