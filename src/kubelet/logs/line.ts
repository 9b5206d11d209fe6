/** One line of a CRI log file: `2026-11-22T20:36:02.210186526Z stdout F text`. Pure. */
export interface LogLine {
  time: string;
  stream: "stdout" | "stderr";
  /** A part of a line that goes on in the next entry. */
  partial: boolean;
  text: Buffer;
}

const newline = Buffer.from("\n");
const blank = 0x20;

/** @returns undefined for what no runtime writes, e.g. the second half of a line cut by a crash */
export function parseLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(blank);
  const second = line.indexOf(blank, first + 1);
  const third = line.indexOf(blank, second + 1);
  if (first < 0 || second < 0 || third < 0) {
    return undefined;
  }
  const stream = line.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") {
    return undefined;
  }
  const tag = line.toString("latin1", second + 1, third).split(":")[0];
  return { time: line.toString("latin1", 0, first), stream, partial: tag === "P", text: line.subarray(third + 1) };
}

/** As the client gets it. */
export function formatLine(line: LogLine, timestamps: boolean): Buffer {
  const head = timestamps ? [Buffer.from(`${line.time} `)] : [];
  return Buffer.concat([...head, line.text, ...(line.partial ? [] : [newline])]);
}
