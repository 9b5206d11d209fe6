import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { isStatus, StatusError } from "../base/errors.ts";
import type { Client } from "./client.ts";
import { createClient } from "./create-client.ts";
import { widgets } from "./example-server.ts";

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

const key = { namespace: "default", name: "a" };

describe("client", () => {
  let server: Server;
  let client: Client;
  let url = "";
  let seen: Seen;
  let reply: (response: ServerResponse) => void;

  before(async () => {
    server = createServer(async (request, response) => {
      seen = { method: request.method, url: request.url, headers: request.headers, body: await text(request) };
      reply(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    url = `http://127.0.0.1:${port}`;
    client = createClient({
      server: url,
      token: async () => "secret",
      userAgent: "vmpod-test",
    });
  });
  after(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  const answer = (code: number, body: unknown, headers: Record<string, string> = {}) => {
    reply = (response) => {
      response.writeHead(code, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
  };

  const requests: {
    title: string;
    act: () => Promise<unknown>;
    method: string;
    url: string;
    type?: string;
    body?: unknown;
  }[] = [
    {
      title: "get",
      act: () => client.get(widgets, key),
      method: "GET",
      url: "/apis/example.com/v1/namespaces/default/widgets/a",
    },
    {
      title: "list of all namespaces",
      act: () => client.list(widgets, { labelSelector: "app=web,tier in (a, b)", limit: 5 }),
      method: "GET",
      url: "/apis/example.com/v1/widgets?labelSelector=app%3Dweb%2Ctier+in+%28a%2C+b%29&limit=5",
    },
    {
      title: "create",
      act: () => client.create(widgets, { metadata: { namespace: "default", generateName: "w-" } }),
      method: "POST",
      url: "/apis/example.com/v1/namespaces/default/widgets?fieldManager=vmpod-test",
      type: "application/json",
      body: { metadata: { namespace: "default", generateName: "w-" } },
    },
    {
      title: "updateStatus",
      act: () => client.updateStatus(widgets, { metadata: key }, { dryRun: true, fieldManager: "me" }),
      method: "PUT",
      url: "/apis/example.com/v1/namespaces/default/widgets/a/status?fieldManager=me&dryRun=All",
      type: "application/json",
      body: { metadata: key },
    },
    {
      title: "server-side apply",
      act: () => client.patch(widgets, key, { type: "apply", body: { size: 1 } }, { force: true }),
      method: "PATCH",
      url: "/apis/example.com/v1/namespaces/default/widgets/a?fieldManager=vmpod-test&force=true",
      type: "application/apply-patch+yaml",
      body: { size: 1 },
    },
    {
      title: "JSON patch of the status",
      act: () => client.patch(widgets, key, { type: "json", body: [] }, { subresource: "status" }),
      method: "PATCH",
      url: "/apis/example.com/v1/namespaces/default/widgets/a/status?fieldManager=vmpod-test",
      type: "application/json-patch+json",
      body: [],
    },
    {
      title: "delete",
      act: () => client.delete(widgets, key, { gracePeriodSeconds: 0, preconditions: { uid: "1" } }),
      method: "DELETE",
      url: "/apis/example.com/v1/namespaces/default/widgets/a",
      type: "application/json",
      body: { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions: { uid: "1" } },
    },
    {
      title: "any request",
      act: () =>
        client.request("PUT", "/apis/subresources.kubevirt.io/v1/x?a=1", { paused: true }, { query: { b: "2" } }),
      method: "PUT",
      url: "/apis/subresources.kubevirt.io/v1/x?a=1&b=2",
      type: "application/json",
      body: { paused: true },
    },
  ];
  for (const { title, act, method, url, type, body } of requests) {
    it(`sends ${title} as Kubernetes expects it`, async () => {
      answer(200, { metadata: {} });
      await act();
      assert.deepEqual([seen.method, seen.url, seen.headers["content-type"]], [method, url, type]);
      assert.deepEqual(seen.body === "" ? undefined : JSON.parse(seen.body), body);
      assert.equal(seen.headers.authorization, "Bearer secret");
      assert.equal(seen.headers["user-agent"], "vmpod-test");
    });
  }

  it("names the type of what it returns", async () => {
    answer(200, { metadata: { resourceVersion: "7" }, items: [{ metadata: key }] });
    const { items, metadata } = await client.list(widgets);
    assert.deepEqual(items, [{ metadata: key, apiVersion: "example.com/v1", kind: "Widget" }]);
    assert.equal(metadata.resourceVersion, "7");
  });

  it("throws the server's Status", async () => {
    const details = { name: "a", causes: [{ reason: "FieldValueInvalid", message: "no", field: "spec.size" }] };
    answer(422, {
      kind: "Status",
      status: "Failure",
      reason: "Invalid",
      message: "widget is invalid",
      code: 422,
      details,
    });
    await assert.rejects(client.get(widgets, key), (error) => {
      assert.ok(isStatus(error, "Invalid"));
      assert.deepEqual([error.code, error.message, error.details], [422, "widget is invalid", details]);
      return true;
    });
  });

  it("makes a Status of refusals that have none, e.g. a proxy's", async () => {
    answer(503, "upstream down", { "content-type": "text/plain" });
    await assert.rejects(client.get(widgets, key), (error) => {
      assert.ok(isStatus(error, "ServiceUnavailable"));
      assert.match(error.message, /upstream down/);
      return true;
    });
  });

  it("waits and repeats when the server asks for it", async () => {
    let tries = 0;
    reply = (response) => {
      response.writeHead(tries++ < 2 ? 429 : 200, { "retry-after": "0" });
      response.end("{}");
    };
    await client.create(widgets, { metadata: key });
    assert.equal(tries, 3);
  });

  it("waits no longer than a call may take", async () => {
    answer(429, "busy", { "retry-after": "60" });
    const impatient = createClient({ server: url, requestTimeoutMs: 30 });
    await assert.rejects(impatient.get(widgets, key), (error) => isStatus(error, "Timeout"));
    impatient.close();
    const signal = AbortSignal.timeout(20);
    await assert.rejects(client.get(widgets, key, { signal }), { name: "TimeoutError" });
  });

  it("does not send a write twice when the connection breaks, but a read", async () => {
    let requests = 0;
    reply = (response) => {
      requests++;
      response.destroy();
    };
    await assert.rejects(client.create(widgets, { metadata: key }), isUnavailable);
    assert.equal(requests, 1);
    await assert.rejects(client.get(widgets, key), isUnavailable);
    assert.equal(requests, 3);
  });

  it("reports an answer that was cut off", async () => {
    reply = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"metadata":');
      setImmediate(() => response.destroy());
    };
    await assert.rejects(client.get(widgets, key), isUnavailable);
  });

  it("carries large bodies both ways", async () => {
    const large = "ä".repeat(3 << 20);
    reply = (response) => void response.end(seen.body);
    const echoed = await client.create(widgets, { metadata: { ...key, annotations: { large } } });
    assert.equal(echoed.metadata?.annotations?.["large"], large);
  });

  it("gives up a call whose signal aborts, with the signal's reason", async () => {
    reply = () => undefined;
    await assert.rejects(client.get(widgets, key, { signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
  });

  it("does not wait for ever for an answer, nor for a connection", async () => {
    reply = (response) => void response.write("{");
    const impatient = createClient({ server: url, requestTimeoutMs: 30 });
    await assert.rejects(impatient.get(widgets, key), (error) => isStatus(error, "Timeout"));
    const silent = createTcpServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const port = (silent.address() as AddressInfo).port;
    const unheard = createClient({ server: `https://127.0.0.1:${port}`, requestTimeoutMs: 30 });
    silent.once("connection", (socket) => socket.unref());
    await assert.rejects(unheard.get(widgets, key), (error) => isStatus(error, "Timeout"));
    silent.close();
    impatient.close();
    unheard.close();
  });

  it("opens answers that are not JSON", async () => {
    answer(200, "line 1\nline 2\n", { "content-type": "text/plain" });
    assert.equal(
      await text(await client.open("/api/v1/namespaces/default/pods/a/log", { query: { tailLines: "2" } })),
      "line 1\nline 2\n",
    );
    assert.equal(seen.url, "/api/v1/namespaces/default/pods/a/log?tailLines=2");
    answer(404, { kind: "Status", reason: "NotFound", message: "no pod", code: 404 });
    await assert.rejects(client.open("/api/v1/namespaces/default/pods/b/log"), (error) => isStatus(error, "NotFound"));
  });

  it("watches: events, bookmarks, lines in pieces, errors in the stream", async () => {
    const event = JSON.stringify({ type: "ADDED", object: { metadata: { name: "ä" } } });
    const bytes = Buffer.from(`${event}\n{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n`);
    const failure = `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n`;
    reply = (response) => {
      for (const byte of bytes) response.write(Buffer.of(byte));
      response.end(failure);
    };
    const events: unknown[] = [];
    const signal = AbortSignal.timeout(5000);
    await assert.rejects(
      async () => {
        for await (const each of client.watch(widgets, { resourceVersion: "5", signal, timeoutSeconds: 10 }))
          events.push(each);
      },
      (error) => isStatus(error, "Expired"),
    );
    assert.deepEqual(events, [
      { type: "ADDED", object: { metadata: { name: "ä" }, apiVersion: "example.com/v1", kind: "Widget" } },
      { type: "BOOKMARK", resourceVersion: "9" },
    ]);
    assert.match(seen.url ?? "", /watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=10/);
  });

  it("says where nobody listens", async () => {
    const lonely = createClient({ server: "https://127.0.0.1:1" });
    await assert.rejects(lonely.get(widgets, key), (error) => {
      assert.ok(isUnavailable(error));
      assert.match((error as StatusError).message, /127\.0\.0\.1:1/);
      return true;
    });
  });
});

function isUnavailable(error: unknown): boolean {
  return isStatus(error, "ServiceUnavailable");
}
