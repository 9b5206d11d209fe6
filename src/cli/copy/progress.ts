/** How far a copy is, in one line of a terminal that is written again and again; nothing where nobody looks. */
export interface Progress {
  begin(name: string, totalBytes: number): void;
  add(bytes: number): void;
  end(): void;
}

const intervalMs = 200;

export function createCopyProgress(output: NodeJS.WriteStream = process.stderr): Progress {
  let state = { name: "", totalBytes: 0, bytes: 0, startedMs: 0, shownMs: 0 };
  const show = (nowMs: number): void => {
    state.shownMs = nowMs;
    if (output.isTTY)
      output.write(`\r${progressLine({ ...state, seconds: (nowMs - state.startedMs) / 1000 })}\u001b[K`);
  };
  return {
    begin(name, totalBytes) {
      const nowMs = performance.now();
      state = { name, totalBytes, bytes: 0, startedMs: nowMs, shownMs: nowMs };
    },
    add(bytes) {
      state.bytes += bytes;
      const nowMs = performance.now();
      if (nowMs - state.shownMs > intervalMs) show(nowMs);
    },
    end() {
      if (state.shownMs === state.startedMs) return;
      show(performance.now());
      if (output.isTTY) output.write("\n");
    },
  };
}

const mebibyte = 1024 * 1024;

/** Pure. */
export function progressLine(at: { name: string; totalBytes: number; bytes: number; seconds: number }): string {
  const { name, totalBytes, bytes, seconds } = at;
  const percent = totalBytes > 0 ? ` ${Math.min(100, Math.floor((bytes / totalBytes) * 100))} %` : "";
  const rate = seconds > 0 ? bytes / mebibyte / seconds : 0;
  return `${name}${percent}  ${(bytes / mebibyte).toFixed(1)} MiB  ${rate.toFixed(1)} MiB/s`;
}
