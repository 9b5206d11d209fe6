import {
  controlType,
  type Frame,
  flagFin,
  frameHeadBytes,
  type Setting,
  SpdyProtocolError,
  spdyVersion,
} from "./frames.ts";

/** Larger frames are refused: Kubernetes peers send at most 32 KiB of data and small header blocks. */
export const maxAcceptedFrameBytes = 1024 * 1024;

/** Cuts a byte stream into frames, whatever the pieces it arrives in. */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0);

  /** @throws SpdyProtocolError when the bytes are no SPDY/3.1 */
  push(bytes: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      const length = frameLength(this.#pending);
      if (length === undefined || this.#pending.length < length) return frames;
      frames.push(decodeFrame(this.#pending.subarray(0, length)));
      this.#pending = this.#pending.subarray(length);
    }
  }
}

function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < frameHeadBytes) return undefined;
  const payload = bytes.readUIntBE(5, 3);
  if (payload > maxAcceptedFrameBytes) {
    throw new SpdyProtocolError(`a frame of ${payload} bytes exceeds the limit of ${maxAcceptedFrameBytes}`);
  }
  return frameHeadBytes + payload;
}

function decodeFrame(bytes: Buffer): Frame {
  const first = bytes.readUInt32BE(0);
  const flags = bytes.readUInt8(4);
  const payload = bytes.subarray(frameHeadBytes);
  const fin = (flags & flagFin) !== 0;
  if (first < 0x80_00_00_00) return { type: "data", stream: first, fin, data: payload };
  const version = (first >>> 16) & 0x7f_ff;
  if (version !== spdyVersion)
    throw new SpdyProtocolError(`control frame of SPDY version ${version}, not ${spdyVersion}`);
  return decodeControl(first & 0xff_ff, flags, payload);
}

function decodeControl(type: number, flags: number, payload: Buffer): Frame {
  const fin = (flags & flagFin) !== 0;
  switch (type) {
    case controlType.synStream: {
      need(payload, 10, "SYN_STREAM");
      const [stream, associated] = [streamId(payload, 0), streamId(payload, 4)];
      return {
        type: "synStream",
        stream,
        associated,
        priority: payload.readUInt8(8) >>> 5,
        fin,
        headerBlock: payload.subarray(10),
      };
    }
    case controlType.synReply:
      need(payload, 4, "SYN_REPLY");
      return { type: "synReply", stream: streamId(payload, 0), fin, headerBlock: payload.subarray(4) };
    case controlType.headers:
      need(payload, 4, "HEADERS");
      return { type: "headers", stream: streamId(payload, 0), fin, headerBlock: payload.subarray(4) };
    case controlType.rstStream:
      need(payload, 8, "RST_STREAM");
      return { type: "rstStream", stream: streamId(payload, 0), status: payload.readUInt32BE(4) };
    case controlType.ping:
      need(payload, 4, "PING");
      return { type: "ping", id: payload.readUInt32BE(0) };
    case controlType.goAway:
      need(payload, 8, "GOAWAY");
      return { type: "goAway", lastStream: streamId(payload, 0), status: payload.readUInt32BE(4) };
    case controlType.windowUpdate:
      need(payload, 8, "WINDOW_UPDATE");
      return { type: "windowUpdate", stream: streamId(payload, 0), delta: payload.readUInt32BE(4) & 0x7f_ff_ff_ff };
    case controlType.settings:
      return { type: "settings", entries: decodeSettings(payload) };
    default:
      return { type: "unknown", controlType: type, flags, payload };
  }
}

function decodeSettings(payload: Buffer): Setting[] {
  need(payload, 4, "SETTINGS");
  const count = payload.readUInt32BE(0);
  need(payload, 4 + count * 8, "SETTINGS");
  return Array.from({ length: count }, (_, index) => ({
    flags: payload.readUInt8(4 + index * 8),
    id: payload.readUIntBE(5 + index * 8, 3),
    value: payload.readUInt32BE(8 + index * 8),
  }));
}

function streamId(payload: Buffer, offset: number): number {
  return payload.readUInt32BE(offset) & 0x7f_ff_ff_ff;
}

function need(payload: Buffer, bytes: number, frame: string): void {
  if (payload.length < bytes) throw new SpdyProtocolError(`${frame} has ${payload.length} bytes; it needs ${bytes}`);
}
