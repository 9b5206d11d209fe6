/**
 * The channels of `v5.channel.k8s.io`: the first byte of each binary websocket message names one, the rest is
 * its data. Client to server, 255 followed by a channel number closes that channel (the end of stdin).
 */
export const remoteCommandV5 = "v5.channel.k8s.io";

export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export type StreamType = "stdin" | "stdout" | "stderr" | "error" | "resize";

export interface RemoteCommandOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Reads the options of `/exec` and `/attach` from their query (`stdin=true` or kubelet's `input=1`). */
export function remoteCommandOptions(query: URLSearchParams): RemoteCommandOptions {
  const set = (...names: string[]): boolean => names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
  const tty = set("tty");
  return { stdin: set("stdin", "input"), stdout: set("stdout", "output"), stderr: set("stderr", "error") && !tty, tty };
}

/** The streams that a SPDY peer expects for these options, in the order in which Kubernetes clients open them. */
export function streamTypes(options: RemoteCommandOptions): StreamType[] {
  const types: (StreamType | false)[] = [
    "error",
    options.stdin && "stdin",
    options.stdout && "stdout",
    options.stderr && "stderr",
    options.tty && "resize",
  ];
  return types.filter((type) => type !== false);
}
