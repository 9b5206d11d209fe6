import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeflate, inflateSync } from "node:zlib";
import fc from "../../base/property.fixture.ts";
import { FrameDecoder } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import { type Frame, SpdyProtocolError } from "./frames.ts";
import { HeaderDeflater, type HeaderFields, HeaderInflater } from "./header-block.ts";
import { headerDictionary } from "./header-dictionary.ts";

const stream = fc.integer({ min: 1, max: 0x7f_ff_ff_ff });
const word = fc.integer({ min: 0, max: 0xff_ff_ff_ff });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const fin = fc.boolean();

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant("synStream" as const),
    stream,
    associated: fc.nat(0x7f_ff_ff_ff),
    priority: fc.nat(7),
    fin,
    headerBlock: bytes,
  }),
  fc.record({ type: fc.constantFrom("synReply" as const, "headers" as const), stream, fin, headerBlock: bytes }),
  fc.record({ type: fc.constant("data" as const), stream, fin, data: bytes }),
  fc.record({ type: fc.constant("rstStream" as const), stream, status: word }),
  fc.record({ type: fc.constant("ping" as const), id: word }),
  fc.record({ type: fc.constant("goAway" as const), lastStream: stream, status: word }),
  fc.record({ type: fc.constant("windowUpdate" as const), stream, delta: fc.nat(0x7f_ff_ff_ff) }),
  fc.record({
    type: fc.constant("settings" as const),
    entries: fc.array(fc.record({ flags: fc.nat(255), id: fc.nat(0xff_ff_ff), value: word }), { maxLength: 5 }),
  }),
);

test("frames survive encoding and decoding, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 64 }), (frames, pieceBytes) => {
      const wire = Buffer.concat(frames.map(encodeFrame));
      const decoder = new FrameDecoder();
      const decoded: Frame[] = [];
      for (let offset = 0; offset < wire.length; offset += pieceBytes) {
        decoded.push(...decoder.push(wire.subarray(offset, offset + pieceBytes)));
      }
      assert.deepEqual(structuredClone(decoded), structuredClone(frames));
    }),
  );
});

test("any bytes decode to frames or to a protocol error, never to another failure", () => {
  const controlHead = fc.nat(9).map((type) => Buffer.from([0x80, 3, 0, type]));
  const hostile = fc.tuple(fc.oneof(controlHead, bytes), bytes).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(hostile, (wire) => {
      try {
        new FrameDecoder().push(wire);
      } catch (error) {
        assert.ok(error instanceof SpdyProtocolError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a frame longer than the limit is refused before it is buffered", () => {
  assert.throws(() => new FrameDecoder().push(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])), SpdyProtocolError);
});

const fields: fc.Arbitrary<HeaderFields> = fc
  .array(
    fc.tuple(
      fc.string({ minLength: 1 }).map((name) => `x-${name.toLowerCase()}`),
      fc.string(),
    ),
    { maxLength: 10 },
  )
  .map((pairs) => Object.fromEntries(pairs.map(([name, value]) => [name, value.replaceAll("\0", "")])));

test("header blocks of one direction survive deflating and inflating in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 5 }), async (blocks) => {
      const [deflater, inflater] = [new HeaderDeflater(), new HeaderInflater()];
      for (const block of blocks) assert.deepEqual(await inflater.inflate(deflater.deflate(block)), block);
      inflater.close();
    }),
    { numRuns: 30 },
  );
});

test("header blocks of a compressing peer (zlib with sync flush, as Go's) are read", async () => {
  const deflate = createDeflate({ dictionary: headerDictionary });
  const inflater = new HeaderInflater();
  for (const type of ["error", "stdin", "stdout"]) {
    const plain = inflateSync(Buffer.concat([new HeaderDeflater().deflate({ streamtype: type }), finalBlock]), {
      dictionary: headerDictionary,
      finishFlush: 2,
    });
    const block = await new Promise<Buffer>((resolve) => {
      deflate.write(plain);
      deflate.flush(2, () => resolve(deflate.read() as Buffer));
    });
    assert.deepEqual(await inflater.inflate(block), { streamtype: type });
  }
  inflater.close();
  deflate.close();
});

test("a header block that is no zlib is a protocol error", async () => {
  const inflater = new HeaderInflater();
  await assert.rejects(inflater.inflate(Buffer.from("no zlib at all")), SpdyProtocolError);
  await assert.rejects(inflater.inflate(Buffer.from("again")), SpdyProtocolError);
});

test("the dictionary has the length and the Adler-32 that the protocol names", () => {
  assert.equal(headerDictionary.length, 1423);
  let [low, high] = [1, 0];
  for (const byte of headerDictionary) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  assert.equal(((high << 16) | low) >>> 0, 0xe3_c6_a7_c2);
});

const finalBlock = Buffer.from([1, 0, 0, 0xff, 0xff]);
