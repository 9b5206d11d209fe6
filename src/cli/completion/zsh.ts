import type { CommandDescription, OptionDescription } from "./describe-commands.ts";

export function zshScript(program: CommandDescription): string {
  const commands = program.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = program.commands.map((command) => {
    const specs = [...command.options, ...program.options].flatMap(optionSpecs);
    return `    ${command.name}) _arguments ${[...specs, "'*: :_default'"].join(" ")} ;;`;
  });
  return `#compdef vmpod
_vmpod() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("\n")}
  esac
}
compdef _vmpod vmpod
`;
}

function optionSpecs({ flags, summary, takesValue }: OptionDescription): string[] {
  const text = summary.replaceAll(/[[\]:]/g, " ");
  return flags.map((flag) => quoted(`${flag}[${text}]${takesValue ? ":value:_default" : ""}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
