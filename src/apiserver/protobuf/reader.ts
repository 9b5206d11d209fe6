/** The fields of one protobuf message, in the order in which they were written. */
import { StatusError } from "../../base/errors.ts";

export interface WireField {
  number: number;
  /** Wire type 2. */
  bytes: Uint8Array | undefined;
  /** Wire type 0, unsigned. */
  integer: bigint | undefined;
  /** Wire type 1. */
  double: number | undefined;
}

const wire = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

export class ProtoReader implements Iterable<WireField> {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  *[Symbol.iterator](): Generator<WireField> {
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      yield this.#field(tag >> 3, tag & 7);
    }
  }

  #field(number: number, type: number): WireField {
    const nothing = { number, bytes: undefined, integer: undefined, double: undefined };
    switch (type) {
      case wire.varint:
        return { ...nothing, integer: this.#varint() };
      case wire.delimited:
        return { ...nothing, bytes: this.#take(Number(this.#varint())) };
      case wire.fixed64: {
        const eight = this.#take(8);
        return { ...nothing, double: new DataView(eight.buffer, eight.byteOffset, 8).getFloat64(0, true) };
      }
      case wire.fixed32:
        this.#take(4);
        return nothing;
      default:
        throw broken(`wire type ${type}`);
    }
  }

  #take(length: number): Uint8Array {
    if (length < 0 || this.#at + length > this.#bytes.length)
      throw broken(`a field of ${length} bytes that is longer than its message`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken("a number without an end");
  }
}

function broken(what: string): StatusError {
  return new StatusError("BadRequest", `the protobuf message is broken: ${what}`);
}
