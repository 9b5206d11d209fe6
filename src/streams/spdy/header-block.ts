import { createInflate, type Inflate } from "node:zlib";
import { SpdyProtocolError } from "./frames.ts";
import { headerDictionary } from "./header-dictionary.ts";

/** Lower-case names; several values of one name are joined by NUL on the wire, by ", " here. */
export type HeaderFields = Record<string, string>;

const maxInflatedBytes = 64 * 1024;
const maxStoredBlockBytes = 0xff_ff;
/** Adler-32 of the dictionary, which a zlib stream that uses one names in its head. */
const dictionaryId = 0xe3_c6_a7_c2;
/** CMF (deflate, 32 KiB window) and FLG (preset dictionary, check bits) of RFC 1950. */
const zlibHead = [0x78, 0x20 + (31 - ((0x78_00 + 0x20) % 31))];

/**
 * Writes header blocks as *stored* deflate blocks: valid zlib that needs no compressor state, hence no
 * asynchronous step between the decision to send a frame and its place in the byte stream.
 */
export class HeaderDeflater {
  #first = true;

  deflate(fields: HeaderFields): Buffer {
    const block = encodeFields(fields);
    const parts: Buffer[] = [];
    if (this.#first) {
      const id = Buffer.alloc(4);
      id.writeUInt32BE(dictionaryId);
      parts.push(Buffer.from(zlibHead), id);
      this.#first = false;
    }
    for (let offset = 0; offset < block.length; offset += maxStoredBlockBytes) {
      parts.push(storedBlock(block.subarray(offset, offset + maxStoredBlockBytes)));
    }
    // As a sync flush ends: Go's reader hands out what it has when it meets an empty block, not before.
    return Buffer.concat([...parts, storedBlock(Buffer.alloc(0))]);
  }
}

function storedBlock(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(bytes.length ^ 0xff_ff, 3);
  return Buffer.concat([head, bytes]);
}

/** Reads the header blocks of one direction, in order: they share one zlib stream. */
export class HeaderInflater {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });
  #out: Buffer[] = [];
  #outBytes = 0;
  #failed: Error | undefined;

  constructor() {
    this.#inflate.on("error", (error) => {
      this.#failed = error;
    });
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#outBytes += chunk.length;
      if (this.#outBytes > maxInflatedBytes) this.#inflate.destroy(new Error("too large"));
      else this.#out.push(chunk);
    });
  }

  /** @throws SpdyProtocolError when the block is no zlib, too large or malformed */
  async inflate(block: Buffer): Promise<HeaderFields> {
    this.#outBytes = 0;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => reject(new SpdyProtocolError(`bad header block: ${error.message}`));
      if (this.#failed) {
        fail(this.#failed);
        return;
      }
      this.#inflate.once("error", fail);
      this.#inflate.write(block, (error) => {
        this.#inflate.off("error", fail);
        if (error) fail(error);
        else resolve();
      });
    });
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    return decodeFields(bytes);
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function encodeFields(fields: HeaderFields): Buffer {
  const strings = Object.entries(fields).flatMap(([name, value]) => [name.toLowerCase(), value]);
  return Buffer.concat([uint32(strings.length / 2), ...strings.flatMap((text) => lengthPrefixed(text))]);
}

function lengthPrefixed(text: string): Buffer[] {
  const bytes = Buffer.from(text, "utf8");
  return [uint32(bytes.length), bytes];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function decodeFields(bytes: Buffer): HeaderFields {
  let offset = 0;
  const number = (): number => {
    if (offset + 4 > bytes.length) throw new SpdyProtocolError("header block ends in the middle of a length");
    offset += 4;
    return bytes.readUInt32BE(offset - 4);
  };
  const text = (): string => {
    const length = number();
    if (offset + length > bytes.length) throw new SpdyProtocolError("header block ends in the middle of a string");
    offset += length;
    return bytes.toString("utf8", offset - length, offset);
  };
  const pairs = number();
  const fields: [string, string][] = [];
  for (let index = 0; index < pairs; index += 1) fields.push([text().toLowerCase(), text().replaceAll("\0", ", ")]);
  return Object.fromEntries(fields);
}
