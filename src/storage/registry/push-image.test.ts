/** Against small servers that are as awkward as real registries may be; test/images/push.test.ts has a real one. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { FileTree } from "../oci/file-tree.ts";
import { assembleImage, type Image } from "../oci/image.ts";
import { digestOf, packLayer } from "../oci/layer.ts";
import { pushImage } from "./push-image.ts";
import { createRegistry, RegistryError } from "./registry.ts";

const login = { username: "me", password: "secret", identityToken: "" };

async function exampleImage(): Promise<Image> {
  return assembleImage([await packLayer(new FileTree().file("/a", "b").entries())], {});
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

async function serving(handler: Handler, work: (host: string) => Promise<void>): Promise<void> {
  const server: Server = createServer((request, response) => {
    void buffer(request).then((body) => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("blobs go first, those that are there are left out, the manifest comes last under every tag", async () => {
  const image = await exampleImage();
  const layer = digestOf(image.layers[0]?.blob ?? new Uint8Array());
  const log: string[] = [];
  const stored = new Map<string, Buffer>();
  const handler: Handler = (request, response, body): void => {
    const url = new URL(request.url ?? "", "http://registry");
    log.push(`${request.method} ${url.pathname}`);
    if (request.method === "HEAD") return void response.writeHead(url.pathname.endsWith(layer) ? 200 : 404).end();
    if (request.method === "POST") {
      return void response.writeHead(202, { location: "/v2/p/x/blobs/uploads/1?state=abc" }).end();
    }
    if (url.pathname.includes("/uploads/")) assert.equal(url.searchParams.get("state"), "abc");
    stored.set(url.searchParams.get("digest") ?? url.pathname, body);
    response.writeHead(201).end();
  };
  await serving(handler, async (registry) => {
    const sent: boolean[] = [];
    await pushImage(createRegistry({ registry }), "p/x", ["1", "latest"], image, (event) => sent.push(event.sent));
    assert.deepEqual(sent, [false, true]);
  });
  assert.deepEqual(log.slice(-2), ["PUT /v2/p/x/manifests/1", "PUT /v2/p/x/manifests/latest"]);
  assert.deepEqual(stored.get("/v2/p/x/manifests/1"), image.manifest);
  assert.deepEqual(stored.get(digestOf(image.config)), image.config);
});

test("a token is got when the registry asks for one, again for more, and goes nowhere else", async () => {
  const image = await exampleImage();
  const foreignHeaders: (string | undefined)[] = [];
  const scopes: (string | null)[] = [];
  const storage: Handler = (request, response) => {
    foreignHeaders.push(request.headers.authorization);
    response.writeHead(201).end();
  };
  await serving(storage, async (storageHost) => {
    const handler: Handler = (request, response): void => {
      const url = new URL(request.url ?? "", `http://${request.headers.host}`);
      if (url.pathname === "/token") {
        assert.equal(request.headers.authorization, `Basic ${Buffer.from("me:secret").toString("base64")}`);
        scopes.push(url.searchParams.get("scope"));
        return void response.end(JSON.stringify({ token: `t-${url.searchParams.get("scope")}` }));
      }
      const scope = request.method === "HEAD" ? "pull" : "push";
      if (request.headers.authorization !== `Bearer t-${scope}`) {
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="r",scope="${scope}"`;
        return void response.writeHead(401, { "www-authenticate": challenge }).end();
      }
      if (request.method === "HEAD") return void response.writeHead(404).end();
      if (request.method === "POST") {
        return void response.writeHead(202, { location: `http://${storageHost}/upload` }).end();
      }
      response.writeHead(201).end();
    };
    await serving(handler, (registry) => pushImage(createRegistry({ registry, login }), "x", ["1"], image));
  });
  assert.deepEqual(scopes, ["pull", "push", "pull", "push"]);
  assert.deepEqual(foreignHeaders, [undefined, undefined]);
});

test("a refusal says who refused what, why, and what to do", async () => {
  const image = await exampleImage();
  const denying = (status: number, body: string): Handler => {
    return (request, response) => {
      if (request.method === "HEAD") response.writeHead(404).end();
      else response.writeHead(status, status === 401 ? { "www-authenticate": 'Basic realm="r"' } : {}).end(body);
    };
  };
  const denied = JSON.stringify({ errors: [{ code: "DENIED", message: "quota exceeded" }] });
  await serving(denying(403, denied), async (registry) => {
    await assert.rejects(pushImage(createRegistry({ registry }), "x", ["1"], image), (error: RegistryError) => {
      assert.equal(error.status, 403);
      assert.match(error.message, /POST \/v2\/x\/blobs\/uploads\/: 403 Forbidden: DENIED quota exceeded$/);
      return true;
    });
  });
  await serving(denying(401, ""), async (registry) => {
    await assert.rejects(pushImage(createRegistry({ registry }), "x", ["1"], image), /docker login 127\.0\.0\.1:/);
  });
  await serving(denying(502, "<html>Bad Gateway</html>"), async (registry) => {
    await assert.rejects(pushImage(createRegistry({ registry }), "x", ["1"], image), /502 Bad Gateway: Bad Gateway$/);
  });
});

test("a registry that is not there is named", async () => {
  const registry = createRegistry({ registry: "127.0.0.1:3" });
  await assert.rejects(registry.request("GET", "/v2/", { expected: [200] }), (error: RegistryError) => {
    assert.equal(error.status, undefined);
    assert.match(error.message, /the registry 127\.0\.0\.1:3 cannot be reached: .*ECONNREFUSED/);
    return true;
  });
});
