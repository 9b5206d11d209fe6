/**
 * SPDY/3.1 frames (the subset that Kubernetes streams use; header blocks still compressed here).
 *
 *   control frame                               data frame
 *   |1|version(15)|type(16)|                    |0|stream(31)|
 *   |flags(8)|length(24)|payload...|            |flags(8)|length(24)|payload...|
 */

export const controlType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const flagFin = 0x01;
export const spdyVersion = 3;
export const frameHeadBytes = 8;
/** The length field has 24 bits. */
export const maxFrameBytes = 0xff_ff_ff;

/** RST_STREAM status codes (SPDY/3.1, 2.6.3). */
export const resetStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
} as const;

export type Frame =
  | { type: "synStream"; stream: number; associated: number; priority: number; fin: boolean; headerBlock: Buffer }
  | { type: "synReply"; stream: number; fin: boolean; headerBlock: Buffer }
  | { type: "headers"; stream: number; fin: boolean; headerBlock: Buffer }
  | { type: "data"; stream: number; fin: boolean; data: Buffer }
  | { type: "rstStream"; stream: number; status: number }
  | { type: "ping"; id: number }
  | { type: "goAway"; lastStream: number; status: number }
  | { type: "windowUpdate"; stream: number; delta: number }
  | { type: "settings"; entries: Setting[] }
  /** A control frame of a type that this implementation does not know; to be ignored. */
  | { type: "unknown"; controlType: number; flags: number; payload: Buffer };

export interface Setting {
  flags: number;
  id: number;
  value: number;
}

/** The peer broke the protocol: the connection cannot go on. */
export class SpdyProtocolError extends Error {
  override readonly name = "SpdyProtocolError";
}
