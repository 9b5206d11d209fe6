import {
  controlType,
  type Frame,
  flagFin,
  frameHeadBytes,
  maxFrameBytes,
  SpdyProtocolError,
  spdyVersion,
} from "./frames.ts";

/** The bytes of one frame. */
export function encodeFrame(frame: Frame): Buffer {
  switch (frame.type) {
    case "data":
      return Buffer.concat([head(frame.stream, fin(frame.fin), frame.data.length), frame.data]);
    case "synStream":
      return control(controlType.synStream, fin(frame.fin), [
        uint32(frame.stream, frame.associated),
        Buffer.from([frame.priority << 5, 0]),
        frame.headerBlock,
      ]);
    case "synReply":
      return control(controlType.synReply, fin(frame.fin), [uint32(frame.stream), frame.headerBlock]);
    case "headers":
      return control(controlType.headers, fin(frame.fin), [uint32(frame.stream), frame.headerBlock]);
    case "rstStream":
      return control(controlType.rstStream, 0, [uint32(frame.stream, frame.status)]);
    case "ping":
      return control(controlType.ping, 0, [uint32(frame.id)]);
    case "goAway":
      return control(controlType.goAway, 0, [uint32(frame.lastStream, frame.status)]);
    case "windowUpdate":
      return control(controlType.windowUpdate, 0, [uint32(frame.stream, frame.delta)]);
    case "settings": {
      const entries = frame.entries.map(({ flags, id, value }) => uint32(((flags << 24) | id) >>> 0, value));
      return control(controlType.settings, 0, [uint32(frame.entries.length), ...entries]);
    }
    default:
      return control(frame.controlType, frame.flags, [frame.payload]);
  }
}

function fin(set: boolean): number {
  return set ? flagFin : 0;
}

function control(type: number, flags: number, parts: Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  return Buffer.concat([head(((0x80_00 | spdyVersion) << 16) | type, flags, payload.length), payload]);
}

function head(firstWord: number, flags: number, length: number): Buffer {
  if (length > maxFrameBytes) throw new SpdyProtocolError(`a frame of ${length} bytes does not fit the length field`);
  return uint32(firstWord >>> 0, ((flags << 24) | length) >>> 0);
}

function uint32(...words: number[]): Buffer {
  const buffer = Buffer.alloc(words.length * (frameHeadBytes / 2));
  for (const [index, word] of words.entries()) buffer.writeUInt32BE(word >>> 0, index * 4);
  return buffer;
}
