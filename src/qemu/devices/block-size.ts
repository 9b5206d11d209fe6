import type { Disk } from "./device.ts";

/** As the properties of a drive, on the command line too. */
export function blockSizeOptions({ blockSize }: Pick<Disk, "blockSize">): Record<string, number> {
  if (blockSize === undefined) return {};
  const { logical, physical, discardGranularity } = blockSize;
  return {
    logical_block_size: logical,
    physical_block_size: physical,
    ...(discardGranularity !== undefined && { discard_granularity: discardGranularity }),
  };
}
