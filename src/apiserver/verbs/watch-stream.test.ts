import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import type { ApiResponse } from "../../../api/admission.ts";
import { createWatchStream } from "./watch-stream.ts";

const longMs = 60_000;

type Answer = (response: ApiResponse) => Promise<void>;

/** Sends a request, whose client goes as soon as the server has it when `leaves`. Resolves with what `answer` came to. */
type Ask = (t: TestContext, answer: Answer, leaves: boolean) => Promise<void>;

const asks: Record<string, Ask> = {
  async "HTTP/1.1"(t, answer, leaves) {
    const server = http.createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const request = http
      .get({ port: (server.address() as AddressInfo).port, agent: false })
      .on("error", () => undefined);
    const [, response] = (await once(server, "request")) as [unknown, ApiResponse];
    if (leaves) request.destroy();
    t.after(() => request.destroy());
    if (leaves) await once(response, "close");
    await answer(response);
  },
  async "HTTP/2"(t, answer, leaves) {
    const server = http2.createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => session.destroy());
    const request = session.request({ ":path": "/" }).on("error", () => undefined);
    const [, response] = (await once(server, "request")) as [unknown, ApiResponse];
    if (leaves) request.close(http2.constants.NGHTTP2_CANCEL);
    if (leaves) await once(response, "close");
    await answer(response);
  },
};

for (const [protocol, ask] of Object.entries(asks)) {
  test(`${protocol}: the watch of a client that has gone before it began is over`, { timeout: 5_000 }, (t) =>
    ask(t, (response) => createWatchStream(response, longMs, new AbortController().signal).ended, true),
  );

  test(`${protocol}: a watch that begins while the server stops ends at once`, { timeout: 5_000 }, async (t) => {
    let isOver = false;
    await ask(
      t,
      async (response) => {
        await createWatchStream(response, longMs, AbortSignal.abort()).ended;
        isOver = true;
      },
      false,
    );
    assert.ok(isOver);
  });
}
