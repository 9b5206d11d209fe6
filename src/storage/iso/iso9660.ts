/**
 * Writes an ISO 9660 image with Joliet names: what cloud-init, Linux and Windows read as a configuration medium.
 * The same files give the same bytes: no times, no random numbers.
 *
 *   sector  0-15  nothing
 *          16,17  volume descriptors: ISO 9660 names (FILE_1.;1), Joliet names (UCS-2, up to 64 characters)
 *             18  end of descriptors
 *          19-22  path tables: ISO little and big endian, Joliet little and big endian
 *            23-  directories of the ISO tree, directories of the Joliet tree, the files' contents, shared by both
 */
import { both16, both32 } from "./bytes.ts";
import { buildTree, type IsoDirectory, type IsoFile } from "./tree.ts";
import { directoryRecord, isoName, jolietName, type NameOf } from "./records.ts";

export const sectorBytes = 2048;
const descriptorSector = 16;
const pathTableSector = 19;
const firstDirectorySector = 23;

export interface IsoOptions {
  /** Volume label, at most 16 characters; `cidata` and `config-2` are how guests recognise theirs. */
  label: string;
  /** Contents by path, e.g. `openstack/latest/user_data`. */
  files: ReadonlyMap<string, string | Uint8Array> | Readonly<Record<string, string | Uint8Array>>;
}

export function buildIso({ label, files }: IsoOptions): Buffer {
  if (label.length > 16) throw new RangeError(`ISO label ${label}: at most 16 characters`);
  const { directories, contents } = buildTree(files instanceof Map ? files : new Map(Object.entries(files)));
  const iso = layOutDirectories(directories, isoName, firstDirectorySector);
  const joliet = layOutDirectories(directories, jolietName, iso.end);
  const fileSectors = layOutFiles(contents, joliet.end);
  const image = Buffer.alloc(fileSectors.end * sectorBytes);
  for (const [index, layout] of [iso, joliet].entries())
    writeNames(image, { index, layout, directories, files: fileSectors.at, label });
  image.set([255, ...Buffer.from("CD001"), 1], (descriptorSector + 2) * sectorBytes);
  for (const file of contents) image.set(file.content, (fileSectors.at.get(file) ?? 0) * sectorBytes);
  return image;
}

/** One of the two trees of names: where each directory's records are. */
interface Layout {
  nameOf: NameOf;
  at: Map<IsoDirectory, { sector: number; bytes: number }>;
  end: number;
}

function layOutDirectories(directories: readonly IsoDirectory[], nameOf: NameOf, start: number): Layout {
  const at: Layout["at"] = new Map();
  let sector = start;
  for (const directory of directories) {
    const bytes = sectorsOf(directoryContent(directory, nameOf, () => ({ sector: 0, bytes: 0 })).length) * sectorBytes;
    at.set(directory, { sector, bytes });
    sector += bytes / sectorBytes;
  }
  return { nameOf, at, end: sector };
}

function layOutFiles(files: readonly IsoFile[], start: number): { at: Map<IsoFile, number>; end: number } {
  const at = new Map<IsoFile, number>();
  let sector = start;
  for (const file of files) {
    at.set(file, sector);
    sector += sectorsOf(file.content.length);
  }
  return { at, end: sector };
}

function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / sectorBytes);
}

interface Names {
  /** 0: ISO 9660, 1: Joliet. */
  index: number;
  layout: Layout;
  directories: readonly IsoDirectory[];
  files: ReadonlyMap<IsoFile, number>;
  label: string;
}

function writeNames(image: Buffer, names: Names): void {
  const { index, layout, directories, files } = names;
  const extentOf = (member: IsoDirectory | IsoFile): { sector: number; bytes: number } =>
    "content" in member
      ? { sector: files.get(member) ?? 0, bytes: member.content.length }
      : (layout.at.get(member) ?? { sector: 0, bytes: 0 });
  for (const directory of directories) {
    image.set(directoryContent(directory, layout.nameOf, extentOf), extentOf(directory).sector * sectorBytes);
  }
  const tables = [false, true].map((bigEndian) => pathTable(directories, layout, bigEndian));
  for (const [which, table] of tables.entries()) image.set(table, (pathTableSector + index * 2 + which) * sectorBytes);
  const descriptor = volumeDescriptor(image.length, names, tables[0]?.length ?? 0);
  image.set(descriptor, (descriptorSector + index) * sectorBytes);
}

/** Its own record, its parent's, its members'. A record does not cross a sector's end. */
function directoryContent(
  directory: IsoDirectory,
  nameOf: NameOf,
  extentOf: (member: IsoDirectory | IsoFile) => { sector: number; bytes: number },
): Buffer {
  const records = [
    directoryRecord(Buffer.from([0]), extentOf(directory), true),
    directoryRecord(Buffer.from([1]), extentOf(directory.parent), true),
    ...directory.members.map((member) => directoryRecord(nameOf(member), extentOf(member), !("content" in member))),
  ];
  const sectors: Buffer[][] = [[]];
  for (const record of records) {
    const used = sectors.at(-1)?.reduce((sum, each) => sum + each.length, 0) ?? 0;
    if (used + record.length > sectorBytes) sectors.push([]);
    sectors.at(-1)?.push(record);
  }
  return Buffer.concat(sectors.map((each) => padTo(Buffer.concat(each), sectorBytes)));
}

function padTo(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}

function pathTable(directories: readonly IsoDirectory[], layout: Layout, bigEndian: boolean): Buffer {
  return Buffer.concat(
    directories.map((directory) => {
      const name = directory.parent === directory ? Buffer.from([0]) : layout.nameOf(directory);
      const entry = Buffer.alloc(8 + name.length + (name.length & 1));
      const sector = layout.at.get(directory)?.sector ?? 0;
      const parent = directories.indexOf(directory.parent) + 1;
      entry[0] = name.length;
      if (bigEndian) entry.writeUInt32BE(sector, 2);
      else entry.writeUInt32LE(sector, 2);
      if (bigEndian) entry.writeUInt16BE(parent, 6);
      else entry.writeUInt16LE(parent, 6);
      entry.set(name, 8);
      return entry;
    }),
  );
}

function volumeDescriptor(
  imageBytes: number,
  { index, layout, directories, label }: Names,
  tableBytes: number,
): Buffer {
  const joliet = index === 1;
  const descriptor = Buffer.alloc(sectorBytes);
  const root = directories[0];
  const extent = (root && layout.at.get(root)) ?? { sector: 0, bytes: 0 };
  const text = (at: number, bytes: number, value: string): void => {
    descriptor.set(paddedText(value, bytes, joliet), at);
  };
  descriptor.set([joliet ? 2 : 1, ...Buffer.from("CD001"), 1]);
  text(8, 32, "");
  text(40, 32, label);
  both32(descriptor, 80, imageBytes / sectorBytes);
  if (joliet) descriptor.set(Buffer.from("%/E"), 88); // UCS-2, level 3
  for (const at of [120, 124]) both16(descriptor, at, 1);
  both16(descriptor, 128, sectorBytes);
  both32(descriptor, 132, tableBytes);
  descriptor.writeUInt32LE(pathTableSector + index * 2, 140);
  descriptor.writeUInt32BE(pathTableSector + index * 2 + 1, 148);
  descriptor.set(directoryRecord(Buffer.from([0]), extent, true), 156);
  for (const at of [190, 318, 446, 574]) text(at, 128, "");
  for (const at of [702, 739, 776]) text(at, 37, "");
  for (const at of [813, 830, 847, 864]) descriptor.write("0000000000000000", at, "latin1");
  descriptor[881] = 1;
  return descriptor;
}

function paddedText(value: string, bytes: number, joliet: boolean): Buffer {
  if (!joliet) return Buffer.from(value.padEnd(bytes), "latin1");
  const text = Buffer.from(value.padEnd(bytes >> 1), "utf16le").swap16();
  return padTo(text, bytes);
}
