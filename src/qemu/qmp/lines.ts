/**
 * Cuts a byte stream into lines. A line is bounded: a guest can write what it likes to its agent's port,
 * and must not make us keep it.
 */
import { StringDecoder } from "node:string_decoder";
import { QmpProtocolError } from "./errors.ts";

export class LineSplitter {
  #rest = "";
  readonly #decoder = new StringDecoder("utf8");
  readonly #maxLineLength: number;

  constructor(maxLineLength = 64 * 1024 * 1024) {
    this.#maxLineLength = maxLineLength;
  }

  /** The complete, non-blank lines that `chunk` ends. */
  push(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > this.#maxLineLength) {
      this.#rest = "";
      throw new QmpProtocolError(`a line of more than ${this.#maxLineLength} characters`);
    }
    return lines.map((line) => line.trim()).filter((line) => line !== "");
  }

  /** Forget a half-received line. */
  reset(): void {
    this.#rest = "";
  }
}
