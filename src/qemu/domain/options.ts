/** QEMU's `-option value,key=value` syntax, in which a comma inside a value is written twice. */

export type OptionValue = string | number | boolean | undefined;

/** `option("socket", { path: "/a,b", server: true })` is `socket,path=/a,,b,server=on`; undefined values are left out. */
export function option(head: string, values: Record<string, OptionValue> = {}): string {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${text(value)}`);
  return [...(head === "" ? [] : [escape(head)]), ...pairs].join(",");
}

function text(value: OptionValue): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return escape(String(value));
}

function escape(value: string): string {
  return value.replaceAll(",", ",,");
}

/** One option of the command line: its flag, and its value if it takes one. */
export type Argument = readonly [flag: string] | readonly [flag: string, value: string];
