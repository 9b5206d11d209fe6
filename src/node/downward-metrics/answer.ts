/**
 * What a guest asks through its serial port, and what it is answered: `GET /metrics/XML`, an empty line. Bytes come from the guest as they
 * like: whatever is no such request, or grows without an end, is an invalid one. Pure.
 */
const longestRequest = 1024;
const ends = /\r?\n\r?\n/;

export interface Heard {
  /** What of the guest's bytes is not a whole request yet. */
  rest: string;
  requests: ("metrics" | "invalid")[];
}

export function hear(before: string, bytes: string): Heard {
  const parts = (before + bytes).split(ends);
  const rest = parts.pop() ?? "";
  const requests = parts.map((part) => (part === "GET /metrics/XML" ? ("metrics" as const) : ("invalid" as const)));
  return rest.length > longestRequest ? { rest: "", requests: [...requests, "invalid"] } : { rest, requests };
}

export function answerTo(request: Heard["requests"][number], metrics: string): string {
  return request === "metrics" ? `${metrics}\n` : "INVALID REQUEST\n\n";
}
