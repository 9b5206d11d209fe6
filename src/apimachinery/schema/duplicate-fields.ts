/**
 * Fields that a JSON text gives more than once. `JSON.parse` silently keeps the last one; strict field validation
 * must name them. Looks only at strings and brackets: the text is known to be valid JSON.
 */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface Container {
  /** Names seen so far; undefined for a list. */
  names: Set<string> | undefined;
  path: string;
  /** The field whose value comes next, or the index of the item. */
  position: string;
  index: number;
}

/** Paths of the repeated fields, e.g. `spec.containers[0].image`; each once per repetition. */
export function duplicateFields(text: string): string[] {
  const duplicates: string[] = [];
  const stack: Container[] = [];
  let name: string | undefined;
  for (const [symbol] of text.matchAll(token)) {
    const top = stack.at(-1);
    if (symbol === "{" || symbol === "[") stack.push(open(symbol, top));
    else if (symbol === "}" || symbol === "]") stack.pop();
    else if (symbol === "," && top) top.index += 1;
    else if (symbol === ":" && top?.names && name !== undefined) enter(top, name, duplicates);
    name = symbol.startsWith('"') ? symbol : undefined;
  }
  return duplicates;
}

function open(symbol: "{" | "[", parent: Container | undefined): Container {
  const path = parent === undefined ? "" : parent.names ? parent.position : `${parent.path}[${parent.index}]`;
  return { names: symbol === "{" ? new Set() : undefined, path, position: "", index: 0 };
}

function enter(object: Container, quoted: string, duplicates: string[]): void {
  const field = JSON.parse(quoted) as string;
  object.position = object.path === "" ? field : `${object.path}.${field}`;
  if (object.names?.has(field)) duplicates.push(object.position);
  object.names?.add(field);
}
