import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { test } from "node:test";
import pino from "pino";
import { generateAuthority } from "../pki/authority.ts";
import { issueCertificate } from "../pki/certificate.ts";
import { createMemoryStore } from "../store/memory.ts";
import { runApiserver } from "./server.ts";
import { encode } from "./storage/entry.ts";

const lifetimeMs = 60 * 60_000;
const token = "of-a-master";

async function serve() {
  const authority = await generateAuthority({ commonName: "test-ca", lifetimeMs });
  const request = { commonName: "kube-apiserver", ipAddresses: ["127.0.0.1"], usages: ["server" as const] };
  const pair = await issueCertificate(authority, request, { lifetimeMs });
  const store = createMemoryStore();
  const server = await runApiserver({
    store,
    bindAddress: "127.0.0.1",
    port: 0,
    advertiseAddress: "127.0.0.1",
    ...pair,
    clientCaPem: authority.certificatePem,
    serviceCidrs: ["10.43.0.0/16"],
    staticTokens: new Map([[token, { name: "admin", groups: ["system:masters"] }]]),
    log: pino({ level: "silent" }),
  });
  return { server, store, ca: authority.certificatePem };
}

test("a server that stops answers who waits for what has been written since", { timeout: 20_000 }, async () => {
  const { server, store, ca } = await serve();
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late", namespace: "default" } };
  const body = JSON.stringify(object);
  const asked = https.request({
    method: "POST",
    host: "127.0.0.1",
    port: server.port,
    path: "/api/v1/namespaces/default/configmaps",
    ca,
    agent: false,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": body.length },
  });
  const answered = once(asked, "response") as Promise<[IncomingMessage]>;
  asked.write(body.slice(0, 1));
  await once(asked, "socket");
  // The server has the request's head once it has answered another that came later.
  await new Promise((resolve, reject) =>
    https
      .get({ host: "127.0.0.1", port: server.port, path: "/healthz", ca, agent: false }, resolve)
      .on("error", reject),
  );
  const startedMs = performance.now();
  const closed = server.close();
  // As the write of another request that is still running.
  const key = "/registry/core/configmaps/default/other";
  await store.create(key, encode({ ...object, metadata: { ...object.metadata, name: "other" } }));
  asked.end(body.slice(1));
  const [response] = await answered;
  assert.equal(response.statusCode, 201);
  response.resume();
  await closed;
  assert.ok(performance.now() - startedMs < 3_000, "it waited until it had to cut the connection");
  await store.close();
});
