/** Which libraries an ELF program asks its loader for. Read from the file: nothing is executed. */

export interface ElfNeeds {
  /** The loader, e.g. /lib64/ld-linux-x86-64.so.2. */
  interpreter: string | undefined;
  /** Names to be looked up, e.g. libc.so.6. */
  libraries: string[];
  /** Extra directories to look in; may begin with $ORIGIN. */
  runPath: string[];
}

const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { needed: 1n, stringTable: 5n, rpath: 15n, runpath: 29n } as const;

/** Undefined when it is not a 64-bit little-endian ELF file. */
export function elfNeeds(file: Buffer): ElfNeeds | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) return undefined;
  const segments = segmentsOf(file);
  const dynamic = segments.find((each) => each.type === segment.dynamic);
  const interpreter = segments.find((each) => each.type === segment.interpreter);
  const strings = dynamicStrings(file, segments, dynamic);
  return {
    interpreter: interpreter && text(file, interpreter.offset),
    libraries: strings.filter(([kind]) => kind === tag.needed).map(([, value]) => value),
    runPath: strings
      .filter(([kind]) => kind === tag.rpath || kind === tag.runpath)
      .flatMap(([, value]) => value.split(":")),
  };
}

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

function segmentsOf(file: Buffer): Segment[] {
  const start = Number(file.readBigUInt64LE(32));
  const entryBytes = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * entryBytes;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicStrings(file: Buffer, segments: Segment[], dynamic: Segment | undefined): [bigint, string][] {
  if (!dynamic) return [];
  const entries = Array.from({ length: dynamic.size >> 4 }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return [file.readBigInt64LE(at), Number(file.readBigUInt64LE(at + 8))] as const;
  });
  const table = fileOffset(segments, entries.find(([kind]) => kind === tag.stringTable)?.[1] ?? 0);
  const wanted: readonly bigint[] = [tag.needed, tag.rpath, tag.runpath];
  return entries.filter(([kind]) => wanted.includes(kind)).map(([kind, value]) => [kind, text(file, table + value)]);
}

function fileOffset(segments: Segment[], address: number): number {
  const home = segments.find(
    (each) => each.type === segment.load && address >= each.address && address < each.address + each.size,
  );
  return home ? address - home.address + home.offset : address;
}

function text(file: Buffer, start: number): string {
  return file.toString("latin1", start, file.indexOf(0, start));
}
