import type { Duplex } from "node:stream";
import { messageOf } from "../../base/errors.ts";
import { FrameDecoder } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import { type Frame, resetStatus, SpdyProtocolError } from "./frames.ts";
import { HeaderDeflater, type HeaderFields, HeaderInflater } from "./header-block.ts";
import { SpdyStream, type StreamTransport } from "./stream.ts";

const maxStreams = 1024;
const maxDataBytes = 64 * 1024;

export interface SpdyConnectionOptions {
  /** The client opens streams with odd numbers, the server with even ones. */
  role: "client" | "server";
  /** Called for each stream that the peer opens; without it such streams are refused. */
  onStream?: (stream: SpdyStream) => void;
}

/**
 * A SPDY/3.1 connection over a byte stream, as Kubernetes uses it: streams named by headers, no requests, no
 * flow-control windows (peers neither send nor heed WINDOW_UPDATE; the byte stream's back-pressure does the work:
 * frames are handled one after another, and the next is read only when the reader of the last wants more).
 */
export class SpdyConnection implements StreamTransport {
  /** Resolves, never rejects, when the connection is over; with the error that ended it, if any. */
  readonly closed: Promise<Error | undefined>;
  readonly #socket: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #deflater = new HeaderDeflater();
  readonly #inflater = new HeaderInflater();
  #nextStream: number;
  #lastPeerStream = 0;

  constructor(socket: Duplex, options: SpdyConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextStream = options.role === "client" ? 1 : 2;
    socket.on("error", () => socket.destroy());
    this.closed = this.#run();
  }

  openStream(headers: HeaderFields): SpdyStream {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = this.#register(id, headers);
    const headerBlock = this.#deflater.deflate(headers);
    this.#send({ type: "synStream", stream: id, associated: 0, priority: 0, fin: false, headerBlock });
    return stream;
  }

  /** Says goodbye and ends the byte stream after what was already written. */
  close(): void {
    if (this.#socket.writable) {
      this.#send({ type: "goAway", lastStream: this.#lastPeerStream, status: 0 });
      this.#socket.end();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  sendData(stream: number, data: Buffer, sent: (error?: Error | null) => void): void {
    let offset = 0;
    for (; offset + maxDataBytes < data.length; offset += maxDataBytes) {
      this.#send({ type: "data", stream, fin: false, data: data.subarray(offset, offset + maxDataBytes) });
    }
    this.#send({ type: "data", stream, fin: false, data: data.subarray(offset) }, sent);
  }

  sendFin(stream: number, sent: (error?: Error | null) => void): void {
    this.#send({ type: "data", stream, fin: true, data: Buffer.alloc(0) }, sent);
  }

  sendReset(stream: number): void {
    this.#send({ type: "rstStream", stream, status: resetStatus.cancel });
  }

  forget(stream: number): void {
    this.#streams.delete(stream);
  }

  #register(id: number, headers: HeaderFields): SpdyStream {
    const stream = new SpdyStream(id, headers, this);
    this.#streams.set(id, stream);
    return stream;
  }

  #send(frame: Frame, sent?: (error?: Error | null) => void): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(frame), sent);
    else sent?.(new Error("the SPDY connection is closed"));
  }

  async #run(): Promise<Error | undefined> {
    let failure: Error | undefined;
    try {
      const decoder = new FrameDecoder();
      for await (const chunk of this.#socket) {
        for (const frame of decoder.push(chunk as Buffer)) await this.#receive(frame);
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(messageOf(error));
    }
    this.#inflater.close();
    this.#socket.destroy();
    for (const stream of this.#streams.values()) stream.deliverReset();
    return failure;
  }

  async #receive(frame: Frame): Promise<void> {
    switch (frame.type) {
      case "synStream":
        return this.#receiveStream(frame.stream, frame.fin, await this.#inflater.inflate(frame.headerBlock));
      case "synReply":
      case "headers":
        // Nothing in them matters to Kubernetes, but the header blocks share one zlib stream: read them all.
        await this.#inflater.inflate(frame.headerBlock);
        if (frame.fin) this.#streams.get(frame.stream)?.deliverEnd();
        return;
      case "data": {
        const stream = this.#streams.get(frame.stream);
        await stream?.deliver(frame.data);
        if (frame.fin) stream?.deliverEnd();
        return;
      }
      case "rstStream":
        this.#streams.get(frame.stream)?.deliverReset();
        return;
      case "ping":
        // The parity tells who asked: an echo of our own is never expected, since we send none.
        if (frame.id % 2 === (this.#options.role === "client" ? 0 : 1)) this.#send(frame);
        return;
      case "goAway":
      case "settings":
      case "windowUpdate":
      case "unknown":
        return;
    }
  }

  #receiveStream(id: number, fin: boolean, headers: HeaderFields): void {
    const parity = this.#options.role === "client" ? 0 : 1;
    if (id % 2 !== parity || id <= this.#lastPeerStream) {
      throw new SpdyProtocolError(`the peer opened stream ${id} after ${this.#lastPeerStream}`);
    }
    this.#lastPeerStream = id;
    if (!this.#options.onStream || this.#streams.size >= maxStreams) {
      this.#send({ type: "rstStream", stream: id, status: resetStatus.refusedStream });
      return;
    }
    const stream = this.#register(id, headers);
    this.#send({ type: "synReply", stream: id, fin: false, headerBlock: this.#deflater.deflate({}) });
    if (fin) stream.deliverEnd();
    this.#options.onStream(stream);
  }
}
