/** A registry with one image, from its OCI tar, that wants a password: enough of the distribution API to pull. */
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";

export interface Registry {
  /** `127.0.0.1:PORT` */
  host: string;
  username: string;
  password: string;
  close(): void;
}

interface OciIndex {
  manifests: { digest: string; mediaType: string }[];
}

export async function startRegistry(tarPath: string): Promise<Registry> {
  const files = await readTar(tarPath);
  const index = JSON.parse(files.get("index.json")?.toString() ?? "") as OciIndex;
  const [manifest] = index.manifests;
  const [username, password] = ["puller", "pass:word"];
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end();
      return;
    }
    const [, kind, reference = ""] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    const digest = kind === "manifests" && !reference.startsWith("sha256:") ? (manifest?.digest ?? "") : reference;
    const content = files.get(`blobs/${digest.replace(":", "/")}`);
    if (content === undefined) {
      response.writeHead(request.url === "/v2/" ? 200 : 404).end();
      return;
    }
    const type = kind === "manifests" ? (manifest?.mediaType ?? "") : "application/octet-stream";
    response.writeHead(200, {
      "content-type": type,
      "content-length": content.length,
      "docker-content-digest": digest,
    });
    response.end(request.method === "HEAD" ? undefined : content);
  }

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, username, password, close: () => server.close() };
}

async function readTar(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of createReadStream(path).pipe(extract())) {
    files.set(entry.header.name.replace(/^\.\//, ""), await buffer(entry));
  }
  return files;
}
