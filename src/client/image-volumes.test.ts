import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createClient } from "./create-client.ts";
import { servesImageVolumes } from "./image-volumes.ts";

const volume = (...fields: string[]) => ({
  "io.k8s.api.core.v1.Volume": { properties: Object.fromEntries(fields.map((field) => [field, {}])) },
});
const v3 = (schemas: object) => ({ components: { schemas } });

/** What each path publishes, and what follows from it. */
const clusters: [what: string, documents: Record<string, object>, served: boolean][] = [
  ["a current cluster", { "/openapi/v3/api/v1": v3(volume("emptyDir", "image")) }, true],
  ["one without the feature", { "/openapi/v3/api/v1": v3(volume("emptyDir")) }, false],
  ["an old one, without OpenAPI v3", { "/openapi/v2": { definitions: volume("emptyDir") } }, false],
  ["one that publishes v2 only", { "/openapi/v2": { definitions: volume("image") } }, true],
];

for (const [what, documents, served] of clusters) {
  test(`${what}: image volumes ${served ? "are" : "are not"} served`, async (context) => {
    const server = createServer((request, response) => {
      const document = documents[request.url ?? ""];
      response.writeHead(document ? 200 : 404).end(document ? JSON.stringify(document) : "404 page not found");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = createClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    context.after(() => {
      client.close();
      server.closeAllConnections();
      server.close();
    });
    assert.equal(await servesImageVolumes(client), served);
  });
}
