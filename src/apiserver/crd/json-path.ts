/**
 * The JSONPath of printer columns and scale paths: `.a.b`, `['a.b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 * A path that leads nowhere yields nothing; it never throws on data.
 */

type Step = (value: unknown) => unknown[];

export type JsonPath = (object: unknown) => unknown[];

/** @throws SyntaxError */
export function compileJsonPath(path: string): JsonPath {
  const steps = parse(path.replace(/^\{(.*)\}$/s, "$1").replace(/^\$/, ""));
  return (object) => steps.reduce<unknown[]>((values, step) => values.flatMap(step), [object]);
}

const tokenPattern =
  /\.?\['((?:[^'\\]|\\.)*)'\]|\.?\["((?:[^"\\]|\\.)*)"\]|\.?\[(\*|-?\d+)\]|\.?\[\?\(([^)]*)\)\]|\.(\*)|\.((?:[^.[\\]|\\.)+)/y;

function parse(path: string): Step[] {
  const steps: Step[] = [];
  // Filters hold paths of their own: no state is shared with them.
  const token = new RegExp(tokenPattern);
  while (token.lastIndex < path.length) {
    const at = token.lastIndex;
    const match = token.exec(path);
    if (!match)
      throw new SyntaxError(
        `JSONPath ${JSON.stringify(path)}: cannot be understood at ${JSON.stringify(path.slice(at))}`,
      );
    steps.push(stepOf(match, path));
  }
  return steps;
}

function stepOf(match: RegExpExecArray, path: string): Step {
  const [, single, double, index, filter, star, plain] = match;
  const key = single ?? double ?? plain;
  if (key !== undefined) return keyStep(key.replaceAll(/\\(.)/g, "$1"));
  if (star !== undefined || index === "*") return everyStep;
  if (index !== undefined)
    return (value) => (Array.isArray(value) ? present((value as unknown[]).at(Number(index))) : []);
  return filterStep(filter ?? "", path);
}

function keyStep(key: string): Step {
  return (value) => (isRecord(value) && Object.hasOwn(value, key) ? present(value[key]) : []);
}

const everyStep: Step = (value) =>
  Array.isArray(value) ? (value as unknown[]) : isRecord(value) ? Object.values(value) : [];

/** `@.type=="Ready"`, also with single quotes, bare numbers and !=. */
function filterStep(expression: string, path: string): Step {
  const match = /^\s*@((?:\.[^=!<>\s]+)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(\S+))\s*$/.exec(expression);
  if (!match)
    throw new SyntaxError(
      `JSONPath ${JSON.stringify(path)}: the filter ${JSON.stringify(expression)} is not of the form @.field=="value"`,
    );
  const [, field = "", operator, double, single, bare] = match;
  const wanted = double ?? single ?? bare ?? "";
  const read = compileJsonPath(field);
  return (value) => {
    const items = Array.isArray(value) ? (value as unknown[]) : [];
    return items.filter((item) => read(item).some((found) => String(found) === wanted) === (operator === "=="));
  };
}

function present(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
