import assert from "node:assert/strict";
import { get } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import pino from "pino";
import { generateAuthority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import { type ServerContext, startServer } from "./server.ts";

const lifetimeMs = 60_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("metrics that cannot be had are an answer, and not the end of the agent", async () => {
  const authority = await generateAuthority({ commonName: "test", lifetimeMs });
  const pair = await issueCertificate(authority, { commonName: "agent", usages: ["server"] }, { lifetimeMs });
  const keys = { ...pair, caPem: authority.certificatePem };
  const context = {
    metrics: { text: () => Promise.reject(new Error("too many open files")) },
    authorizeScraper: () => Promise.resolve(),
    log: pino({ level: "silent" }),
  } as unknown as ServerContext;
  const ended = new AbortController();
  const port = await freePort();
  await startServer(context, { port, tls: { current: () => keys, onChange: () => undefined } }, ended.signal);
  const ask = (path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: "Bearer token" };
      get({ host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      }).on("error", reject);
    });
  assert.equal(await ask("/metrics"), 500);
  assert.equal(await ask("/healthz"), 200);
  ended.abort();
});
