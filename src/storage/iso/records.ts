/** Directory records and the names in them. */
import { both16, both32 } from "./bytes.ts";
import type { IsoDirectory, IsoFile } from "./tree.ts";

export type NameOf = (member: IsoDirectory | IsoFile) => Buffer;

/**
 * Names of the plain tree hold A-Z, 0-9 and _ only, in 8.3 characters. Nobody reads them where Joliet is read; they only
 * have to be valid and unique.
 */
export const isoName: NameOf = (member) => {
  const stem = member.name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, "_")
    .slice(0, 4);
  const unique = `${stem}${String(member.number).padStart(4, "0")}`;
  return Buffer.from("content" in member ? `${unique}.;1` : unique, "latin1");
};

/** Joliet allows 64 characters; 103 fit into a record, and every reader takes them. These may not be in them: * / : ; ? \ */
export const jolietName: NameOf = (member) => {
  if (member.name.length > 103 || /[*:;?\\]/.test(member.name)) {
    throw new RangeError(`ISO file name ${JSON.stringify(member.name)}: at most 103 characters, without * : ; ? \\`);
  }
  return Buffer.from(member.name, "utf16le").swap16();
};

export function directoryRecord(name: Buffer, extent: { sector: number; bytes: number }, directory: boolean): Buffer {
  const record = Buffer.alloc((33 + name.length + 1) & ~1);
  record[0] = record.length;
  both32(record, 2, extent.sector);
  both32(record, 10, extent.bytes);
  record.set([70, 1, 1, 0, 0, 0, 0], 18); // a time has to be there: 1970
  record[25] = directory ? 2 : 0;
  both16(record, 28, 1);
  record[32] = name.length;
  record.set(name, 33);
  return record;
}
