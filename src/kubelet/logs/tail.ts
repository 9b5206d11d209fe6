import type { FileHandle } from "node:fs/promises";

const chunkBytes = 64 * 1024;
const newline = 0x0a;

/** Where the last `count` lines of a file begin; an unfinished last line counts as one. */
export async function tailOffset(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count <= 0) {
    return size;
  }
  let found = 0;
  for (let end = size; end > 0; end -= Math.min(chunkBytes, end)) {
    const start = Math.max(0, end - chunkBytes);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = buffer.length - 1; index >= 0; index--) {
      // The newline at the very end closes the last line, it does not begin another.
      if (buffer[index] === newline && start + index !== size - 1 && ++found === count) {
        return start + index + 1;
      }
    }
  }
  return 0;
}
