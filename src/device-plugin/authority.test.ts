import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from "node:http2";
import { createServer, type AddressInfo, connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { replaceAuthority, replacingAuthority } from "./authority.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const localhost = "09 6c6f63616c686f7374";

/** By hand after RFC 7541. */
const blocks: [what: string, block: string, expected: string][] = [
  ["nothing", "", ""],
  ["indexed fields only", "83 86 c0", "83 86 c0"],
  ["an authority that is indexed from now on", "83 41 04 2f612f62", `83 41 ${localhost}`],
  ["one that is not indexed", "01 04 2f612f62 83", `01 ${localhost} 83`],
  ["one that must never be", "11 04 2f612f62", `11 ${localhost}`],
  ["one in Huffman's code", "41 83 1c642f 87", `41 ${localhost} 87`],
  ["another field of the same value", "44 04 2f612f62", "44 04 2f612f62"],
  ["a field with its name written out", "40 01 78 02 7979", "40 01 78 02 7979"],
  ["a change of the table's size first", "3f e1 1f 41 02 2f61", `3f e1 1f 41 ${localhost}`],
  ["a long name index and a long value", `7f 00 7f 01 ${"61".repeat(128)}`, `7f 00 7f 01 ${"61".repeat(128)}`],
];

for (const [what, block, expected] of blocks) {
  test(`header block: ${what}`, () => {
    assert.deepEqual(replaceAuthority(hex(block)).toString("hex"), hex(expected).toString("hex"));
  });
}

test("a block that is cut short is refused", () => {
  for (const block of ["41", "41 05 61", "7f", "40 05 61"])
    assert.throws(() => replaceAuthority(hex(block)), RangeError);
});

/** A client that calls the server by a socket's path, three times on one connection. */
async function callThrice(server: Http2Server, between: (socket: Socket) => Duplex): Promise<string[]> {
  const front = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    server.emit("connection", between(socket));
  });
  await once(front.listen(0, "127.0.0.1"), "listening");
  const { port } = front.address() as AddressInfo;
  const session = connectHttp2("http://localhost", { createConnection: () => connect(port, "127.0.0.1") });
  try {
    const answers: string[] = [];
    for (const path of ["/one", "/two", "/one"]) {
      const authority = "/var/lib/kubelet/device-plugins/vmpod-tun.sock";
      const stream = session.request({ ":path": path, ":authority": authority, "x-test": path.repeat(40) });
      answers.push(
        await new Promise((resolve) => {
          stream.once("error", (error) => resolve(error.message));
          stream.once("response", (headers) => resolve(String(headers["answer"])));
        }),
      );
      stream.close();
    }
    return answers;
  } finally {
    session.destroy();
    front.close();
  }
}

function echoing(): Http2Server {
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    const answer = `${headers[":authority"]} ${headers[":path"]} ${String(headers["x-test"]).length}`;
    stream.respond({ answer }, { endStream: true });
  });
  return server;
}

test("Node's HTTP/2 refuses a path as authority, and takes it once it is replaced", async () => {
  const refused = await callThrice(echoing(), (socket) => socket);
  assert.match(refused[0] ?? "", /NGHTTP2_PROTOCOL_ERROR/);
  const answers = await callThrice(echoing(), (socket) =>
    Duplex.from({ readable: socket.pipe(replacingAuthority()), writable: socket }),
  );
  assert.deepEqual(answers, ["localhost /one 160", "localhost /two 160", "localhost /one 160"]);
});

test("frames come out whole however the bytes are cut", async () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const settings = hex("000000 04 00 00000000");
  const headers = hex("000006 01 05 00000001 41 04 2f612f62");
  const padded = hex("00000c 01 2d 00000003 02 0000000010 41 02 2f61 0000");
  const data = hex("000003 00 00 00000001 010203");
  const sent = Buffer.concat([preface, settings, headers, padded, data]);
  const expected = Buffer.concat([
    preface,
    settings,
    hex(`00000b 01 05 00000001 41 ${localhost}`),
    hex(`000013 01 2d 00000003 02 0000000010 41 ${localhost} 0000`),
    data,
  ]);
  for (const size of [1, 5, 33, sent.length]) {
    const stream = replacingAuthority();
    for (let at = 0; at < sent.length; at += size) stream.write(sent.subarray(at, at + size));
    stream.end();
    assert.equal(Buffer.concat(await stream.toArray()).toString("hex"), expected.toString("hex"), `pieces of ${size}`);
  }
});
