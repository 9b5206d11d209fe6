/** Spans as text, one a line with a bar. Pure. */
import type { StartSpans } from "./spans.ts";

const barWidth = 40;

/**
 *     START       TOOK
 *      0 ms      12 ms  #.......................................  pod created
 *     12 ms     340 ms  .#####..................................  images, volumes, container
 *             5,012 ms  until the last of them
 */
export function renderWaterfall({ startMs, endMs, spans }: StartSpans): string {
  const total = endMs - startMs;
  const lines = spans.map(({ title, startMs: from, endMs: to }) => {
    const bar = renderBar((from - startMs) / total, (to - startMs) / total);
    return `${milliseconds(from - startMs)} ${milliseconds(to - from)}  ${bar}  ${title}`;
  });
  return [
    `${"START".padStart(12)} ${"TOOK".padStart(12)}`,
    ...lines,
    `${" ".repeat(12)} ${milliseconds(total)}  in all`,
  ].join("\n");
}

/** Also the shortest has a mark. */
function renderBar(from: number, to: number): string {
  const first = Math.min(barWidth - 1, Math.floor(from * barWidth));
  const last = Math.max(first + 1, Math.round(to * barWidth));
  return ".".repeat(first) + "#".repeat(last - first) + ".".repeat(barWidth - last);
}

function milliseconds(count: number): string {
  return `${count.toLocaleString("en-US")} ms`.padStart(12);
}
