import { type CommandDescription, wordsAfter } from "./describe-commands.ts";

export function bashScript(program: CommandDescription): string {
  const cases = program.commands.map(
    (command) => `    ${command.name}) words="${wordsAfter(command, program).join(" ")}" ;;`,
  );
  return `# bash completion for vmpod
_vmpod() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      ${program.commands.map(({ name }) => name).join("|")}) command=$word; break ;;
    esac
  done
  case $command in
${cases.join("\n")}
    *) words="${wordsAfter(program, program).join(" ")}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _vmpod vmpod
`;
}
