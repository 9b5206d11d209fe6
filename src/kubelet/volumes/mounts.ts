/** What is mounted where, by the kernel's own list. */
import { readFile } from "node:fs/promises";

/** Mount points at or below a directory, the deepest and latest first: the order in which to unmount. */
export async function mountsBelow(dir: string): Promise<string[]> {
  const points = await mountPoints();
  return points.filter((point) => point === dir || point.startsWith(`${dir}/`)).toReversed();
}

export async function isMountPoint(dir: string): Promise<boolean> {
  return (await mountPoints()).includes(dir);
}

async function mountPoints(): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    return point === undefined ? [] : [unescapeOctal(point)];
  });
}

/** The kernel writes blanks as \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
