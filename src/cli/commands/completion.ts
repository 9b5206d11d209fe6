import { Argument, type Command } from "commander";
import { bashScript } from "../completion/bash.ts";
import { describeCommands } from "../completion/describe-commands.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import { buildProgram, examples } from "../program.ts";

const shells = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function define(command: Command): void {
  command
    .addArgument(new Argument("<shell>", "your shell").choices(Object.keys(shells)))
    .action(async (shell: keyof typeof shells) => {
      const everything = describeCommands(await buildProgram(() => true));
      process.stdout.write(shells[shell](everything));
    });
  examples(
    command,
    ["In this bash", "source <(vmpod completion bash)"],
    ["In every fish", "vmpod completion fish > ~/.config/fish/completions/vmpod.fish"],
  );
}
