/** Writes the protobuf wire format, for messages that have no generated code. Empty values are left out, as proto3 does. */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks, this.#length);
  }

  string(field: number, value: string | undefined): void {
    if (value !== undefined && value !== "") this.#delimited(field, Buffer.from(value, "utf8"));
  }

  strings(field: number, values: readonly string[] | undefined): void {
    for (const value of values ?? []) this.#delimited(field, Buffer.from(value, "utf8"));
  }

  bool(field: number, value: boolean | undefined): void {
    if (value === true) this.int(field, 1);
  }

  int(field: number, value: number | undefined): void {
    if (value === undefined || value === 0) return;
    this.#varint(field * 8);
    this.#varint(value);
  }

  double(field: number, value: number | undefined): void {
    if (value === undefined || value === 0) return;
    this.#varint(field * 8 + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#push(bytes);
  }

  /** A message field, present even when the message is empty. */
  message(field: number, write: (writer: ProtoWriter) => void): void {
    const writer = new ProtoWriter();
    write(writer);
    this.#delimited(field, writer.bytes());
  }

  #delimited(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#push(value);
  }

  /** Not negative, at most 2^53. */
  #varint(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    while (rest >= 128) {
      bytes.push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
    this.#push(Uint8Array.from(bytes));
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }
}
