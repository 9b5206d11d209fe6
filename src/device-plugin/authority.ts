/**
 * Makes the requests of an old gRPC client readable for Node's HTTP/2.
 *
 * A kubelet up to about 1.21 sends the socket's path as `:authority`. Slashes are not allowed there, and Node answers the stream
 * with PROTOCOL_ERROR before anybody is asked. So that one header field is replaced in the bytes that come in:
 *
 *   preface | frame | frame ...        only HEADERS frames are opened, everything else passes as it is
 *             HEADERS: [pad length] [priority] FIELD FIELD ... [padding]
 *                                              `:authority` with its value written out --> "localhost"
 *
 * Client and server index written-out fields alike (RFC 7541, 2.3.3). Ours takes its place in the server's table under the same
 * number, and is shorter than any path to a socket, so the server forgets nothing that the client still refers to.
 */
import { Transform, type TransformCallback } from "node:stream";

const prefaceBytes = 24;
const frameHeaderBytes = 9;
const headersFrame = 1;
const flags = { endHeaders: 0x4, padded: 0x8, priority: 0x20 };
const priorityBytes = 5;

/** What goes through it comes out with a permissible `:authority`. */
export function replacingAuthority(): Transform {
  let pending = Buffer.alloc(0);
  let inPreface = true;

  function takeFrames(): Buffer[] {
    if (inPreface && pending.length < prefaceBytes) return [];
    const ready = inPreface ? [take(prefaceBytes)] : [];
    inPreface = false;
    for (let length = nextFrame(); length !== undefined; length = nextFrame()) ready.push(withAuthority(take(length)));
    return ready;
  }

  /** Its length, once all of it is there. */
  function nextFrame(): number | undefined {
    if (pending.length < frameHeaderBytes) return undefined;
    const length = frameHeaderBytes + pending.readUIntBE(0, 3);
    return pending.length < length ? undefined : length;
  }

  function take(length: number): Buffer {
    const taken = pending.subarray(0, length);
    pending = pending.subarray(length);
    return taken;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      pending = Buffer.concat([pending, chunk]);
      try {
        done(null, Buffer.concat(takeFrames()));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function withAuthority(frame: Buffer): Buffer {
  const [type = 0, flag = 0] = frame.subarray(3, 5);
  // A block that goes on in further frames may be cut anywhere. gRPC's clients send such for kilobytes of metadata only.
  if (type !== headersFrame || (flag & flags.endHeaders) === 0) return frame;
  const padding = flag & flags.padded ? (frame[frameHeaderBytes] ?? 0) : 0;
  const start = frameHeaderBytes + (flag & flags.padded ? 1 : 0) + (flag & flags.priority ? priorityBytes : 0);
  const end = frame.length - padding;
  const block = replaceAuthority(frame.subarray(start, end));
  const changed = Buffer.concat([frame.subarray(0, start), block, frame.subarray(end)]);
  changed.writeUIntBE(changed.length - frameHeaderBytes, 0, 3);
  return changed;
}

/** Index of `:authority` in HPACK's static table. */
const authorityIndex = 1;
const replacement = Buffer.from("\x09localhost", "latin1");

/** @throws RangeError when the block is cut short */
export function replaceAuthority(block: Buffer): Buffer {
  const parts: Buffer[] = [];
  const reader = new BlockReader(block);
  while (!reader.atEnd) {
    const start = reader.position;
    const field = reader.readName();
    const value = reader.position;
    if (field.hasValue) reader.skipString();
    if (field.hasValue && field.name === authorityIndex) parts.push(block.subarray(start, value), replacement);
    else parts.push(block.subarray(start, reader.position));
  }
  return Buffer.concat(parts);
}

/** Reads just enough of HPACK (RFC 7541, 6) to tell where fields begin and end. */
class BlockReader {
  position = 0;
  private readonly block: Buffer;

  constructor(block: Buffer) {
    this.block = block;
  }

  get atEnd(): boolean {
    return this.position >= this.block.length;
  }

  /** @returns the name's index, 0 for one that is written out */
  readName(): { name: number; hasValue: boolean } {
    const first = this.block.readUInt8(this.position);
    if (first & 0x80) return { name: this.integer(7), hasValue: false };
    if ((first & 0xe0) === 0x20) return { name: this.integer(5), hasValue: false };
    const name = this.integer(first & 0x40 ? 6 : 4);
    if (name === 0) this.skipString();
    return { name, hasValue: true };
  }

  skipString(): void {
    const length = this.integer(7);
    this.position += length;
    if (this.position > this.block.length) throw new RangeError("a header field is cut short");
  }

  private integer(prefixBits: number): number {
    const largest = 2 ** prefixBits - 1;
    let value = this.byte() & largest;
    if (value < largest) return value;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  }

  private byte(): number {
    const byte = this.block.readUInt8(this.position);
    this.position += 1;
    return byte;
  }
}
