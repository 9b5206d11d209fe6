/** `vmpod down`: ends an instance and removes its traces from the host. */
import { Command } from "commander";
import { tearDown } from "../embedded/tear-down.ts";
import { addLocationFlags, existingInstance } from "./instance-flags.ts";

export async function run(argv: string[]): Promise<number> {
  await downCommand().parseAsync(argv, { from: "user" });
  return 0;
}

export function downCommand(): Command {
  const command = new Command("vmpod down")
    .summary("end vmpod on this machine, guests included")
    .description(
      "Asks the guests to power off, ends the containers and vmpod's processes, and removes network, mounts and cgroups.\n" +
        "Objects and disks stay: the next `vmpod up` starts the same machines again.",
    )
    .option("--grace-period <seconds>", "how long guests may take to power off", "30")
    .option("--purge", "also remove the data directory: objects, disks, images, certificates")
    .addHelpText("after", "\nExamples:\n  vmpod down\n  vmpod down --grace-period 5 --purge");
  return addLocationFlags(command).action(
    async (flags: { dataDir: string; runDir: string; gracePeriod: string; purge?: boolean }) => {
      const seconds = Number(flags.gracePeriod);
      if (!Number.isInteger(seconds) || seconds < 0)
        throw new Error(`--grace-period ${flags.gracePeriod}: must be a whole number of seconds`);
      await tearDown(existingInstance(flags), {
        gracePeriodSeconds: seconds,
        purge: flags.purge ?? false,
        onProgress: (text) => console.log(`vmpod: ${text}`),
      });
    },
  );
}
