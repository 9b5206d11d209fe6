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
const tag = { needed: 1, stringTable: 5, rpath: 15, runpath: 29 } as const;

/** Undefined when it is not a little-endian ELF file. */
export function elfNeeds(file: Buffer): ElfNeeds | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[5] !== 1) return undefined;
  const layout = file[4] === 1 ? narrow : wide;
  const segments = segmentsOf(file, layout);
  const interpreter = segments.find((each) => each.type === segment.interpreter);
  const strings = dynamicStrings(file, segments, layout);
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

/** Where the fields of headers are; all of a word's size but counts and types. */
interface Layout {
  wordBytes: number;
  header: { segments: number; entryBytes: number; count: number };
  segment: { offset: number; address: number; size: number };
  word: (file: Buffer, at: number) => number;
}

const wide: Layout = {
  wordBytes: 8,
  header: { segments: 32, entryBytes: 54, count: 56 },
  segment: { offset: 8, address: 16, size: 32 },
  word: (file, at) => Number(file.readBigInt64LE(at)),
};

const narrow: Layout = {
  wordBytes: 4,
  header: { segments: 28, entryBytes: 42, count: 44 },
  segment: { offset: 4, address: 8, size: 16 },
  word: (file, at) => file.readUInt32LE(at),
};

function segmentsOf(file: Buffer, layout: Layout): Segment[] {
  const start = layout.word(file, layout.header.segments);
  const entryBytes = file.readUInt16LE(layout.header.entryBytes);
  return Array.from({ length: file.readUInt16LE(layout.header.count) }, (_, index) => {
    const at = start + index * entryBytes;
    return {
      type: file.readUInt32LE(at),
      offset: layout.word(file, at + layout.segment.offset),
      address: layout.word(file, at + layout.segment.address),
      size: layout.word(file, at + layout.segment.size),
    };
  });
}

function dynamicStrings(file: Buffer, segments: Segment[], { word, wordBytes }: Layout): [number, string][] {
  const dynamic = segments.find((each) => each.type === segment.dynamic);
  if (!dynamic) return [];
  const entries = Array.from({ length: Math.floor(dynamic.size / (2 * wordBytes)) }, (_, index) => {
    const at = dynamic.offset + index * 2 * wordBytes;
    return [word(file, at), word(file, at + wordBytes)] as const;
  });
  const table = fileOffset(segments, entries.find(([kind]) => kind === tag.stringTable)?.[1] ?? 0);
  const wanted: readonly number[] = [tag.needed, tag.rpath, tag.runpath];
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
