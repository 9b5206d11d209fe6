/**
 * `$(NAME)` in commands, arguments and environment values, as Kubernetes expands it: an unknown name stays as it
 * is written, `$$` is a literal dollar sign.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replaceAll(/\$(\$|\(([^()]*)\))/g, (written: string, what: string, name: string | undefined) =>
    what === "$" ? "$" : (lookup(name ?? "") ?? written),
  );
}
