/** `vmpod doctor`: each thing this machine needs, whether it is there, and how to mend it. */
import { Command } from "commander";
import pc from "picocolors";
import { type Check, failures, runChecks } from "../embedded/doctor.ts";
import { addLocationFlags, existingInstance } from "./instance-flags.ts";

export async function run(argv: string[]): Promise<number> {
  let exitCode = 0;
  const command = addLocationFlags(new Command("vmpod doctor"))
    .summary("check what this machine has and lacks for vmpod")
    .description("Checks what vmpod needs on this machine and names the fix for what is missing. Changes nothing.")
    .addHelpText("after", "\nExamples:\n  vmpod doctor\n  vmpod doctor --data-dir /srv/vmpod   # is there room?");
  command.action(async (flags: { dataDir: string; runDir: string }) => {
    const checks = await runChecks(existingInstance(flags));
    for (const check of checks) console.log(describe(check));
    const broken = failures(checks);
    console.log(broken.length === 0 ? "\nEverything vmpod needs is here." : `\n${broken.length} to mend.`);
    exitCode = broken.some(({ fatal }) => fatal) ? 1 : 0;
  });
  await command.parseAsync(argv, { from: "user" });
  return exitCode;
}

function describe(check: Check): string {
  const name = check.name.padEnd(20);
  if (check.ok) return `${pc.green("ok  ")} ${name} ${check.detail}`;
  const mark = check.fatal ? pc.red("FAIL") : pc.yellow("warn");
  return `${mark} ${name} ${check.problem}\n     ${"".padEnd(20)} fix: ${check.fix}`;
}
