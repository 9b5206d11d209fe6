import { Duplex } from "node:stream";
import type { HeaderFields } from "./header-block.ts";

/** What a stream needs of its connection. */
export interface StreamTransport {
  sendData(stream: number, data: Buffer, sent: (error?: Error | null) => void): void;
  sendFin(stream: number, sent: (error?: Error | null) => void): void;
  sendReset(stream: number): void;
  forget(stream: number): void;
}

/**
 * One bidirectional stream of a SPDY connection. Ending it sends FIN, destroying it before both directions ended
 * sends RST_STREAM. Kubernetes peers know no flow control per stream: the connection's own is the back-pressure.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: HeaderFields;
  readonly #transport: StreamTransport;
  #wanted: (() => void) | undefined;
  #ended = false;
  #reset = false;

  constructor(id: number, headers: HeaderFields, transport: StreamTransport) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#transport = transport;
  }

  /** Hands over data from the peer; resolves when the reader wants more. */
  deliver(data: Buffer): Promise<void> {
    if (this.destroyed || this.#ended || data.length === 0) return Promise.resolve();
    if (this.push(data)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  /** The peer will send no more. */
  deliverEnd(): void {
    if (!this.destroyed && !this.#ended) this.push(null);
    this.#ended = true;
  }

  /** The peer gave the stream up, or the connection is gone: what arrived can still be read, writes go nowhere. */
  deliverReset(): void {
    this.#reset = true;
    this.deliverEnd();
    this.end();
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#reset) done();
    else this.#transport.sendData(this.id, chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#reset) done();
    else this.#transport.sendFin(this.id, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wanted?.();
    const over = this.readableEnded && this.writableFinished;
    if (!this.#reset && !over) this.#transport.sendReset(this.id);
    this.#transport.forget(this.id);
    done(error);
  }
}
