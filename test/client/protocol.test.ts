/** What travels on the wire: TLS with client certificates, HTTP/2 where the server has it, else HTTP/1.1. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { setTimeout as delay } from "node:timers/promises";
import { isStatus } from "../../src/base/errors.ts";
import type { ClientConfig } from "../../src/client/config.ts";
import { createClient } from "../../src/client/create-client.ts";
import { type Authority, ensureCa } from "../../src/pki/authority.ts";
import { issueCertificate, type KeyPair } from "../../src/pki/certificate.ts";

describe("the client's connection", { timeout: 300_000 }, () => {
  let directory = "";
  let authority: Authority;
  let serverPair: KeyPair;
  let identity: Pick<ClientConfig, "certificateAuthority" | "clientCertificate" | "clientKey">;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-protocol-"));
    authority = await ensureCa(directory);
    serverPair = await issueCertificate(authority, {
      commonName: "server",
      ipAddresses: ["127.0.0.1"],
      usages: ["server"],
    });
    const pair = await issueCertificate(authority, {
      commonName: "alice",
      organizations: ["team"],
      usages: ["client"],
    });
    identity = {
      certificateAuthority: authority.certificatePem,
      clientCertificate: pair.certificatePem,
      clientKey: pair.keyPem,
    };
  });
  after(() => rm(directory, { recursive: true }));

  const tls = () => ({
    key: serverPair.keyPem,
    cert: serverPair.certificatePem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
  });

  const callerOf = (socket: unknown) => {
    const { subject } = (socket as TLSSocket).getPeerCertificate();
    return subject ? [subject.CN, subject.O].join("/") : "nobody";
  };

  async function http2Server() {
    const sessions: ServerHttp2Session[] = [];
    const sockets: TLSSocket[] = [];
    const server: Http2SecureServer = createSecureServer(tls(), (request, response) => {
      if (request.url === "/hang") return;
      if (request.url?.startsWith("/cut")) {
        response.writeHead(200);
        response.write(request.url === "/cut" ? '{"kind":' : "");
        setTimeout(() => sockets.at(-1)?.destroy(), 20);
        return;
      }
      response.end(JSON.stringify({ version: request.httpVersion, caller: callerOf(request.stream.session?.socket) }));
    });
    server.on("session", (session) => sessions.push(session));
    server.on("secureConnection", (socket: TLSSocket) => sockets.push(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const stop = () => {
      for (const session of sessions) session.destroy();
      server.close();
    };
    return { url: urlOf(server), sessions, stop };
  }

  it("is one HTTP/2 session for all calls, with the client's certificate", async () => {
    const { url, sessions, stop } = await http2Server();
    const client = createClient({ server: url, ...identity });
    const hanging = AbortSignal.timeout(500);
    const waiting = Array.from({ length: 150 }, () => client.request("GET", "/hang", undefined, { signal: hanging }));
    const settled = Promise.allSettled(waiting);
    const answers = await Promise.all(Array.from({ length: 150 }, () => client.request("GET", "/")));
    for (const answer of answers) assert.deepEqual(answer, { version: "2.0", caller: "alice/team" });
    assert.equal(sessions.length, 1);
    for (const { status } of await settled) assert.equal(status, "rejected");
    client.close();
    stop();
  });

  it("is made anew after the server said GOAWAY", async () => {
    const { url, sessions, stop } = await http2Server();
    const client = createClient({ server: url, ...identity });
    await client.request("GET", "/");
    sessions[0]?.goaway();
    const deadline = Date.now() + 60_000;
    while (sessions.length < 2 && Date.now() < deadline) {
      await client.request("POST", "/", { still: "works" });
      await delay(5);
    }
    assert.equal(sessions.length, 2);
    client.close();
    stop();
  });

  it("tells an answer whose server died from one that ended", async () => {
    const { url, stop } = await http2Server();
    const client = createClient({ server: url, ...identity });
    for (const path of ["/cut", "/cut-before-it-began"]) {
      await assert.rejects(client.request("POST", path, {}), (error) => {
        assert.ok(isStatus(error, "ServiceUnavailable"), String(error));
        assert.match(error.message, /cut off/);
        return true;
      });
    }
    client.close();
    stop();
  });

  it("falls back to HTTP/1.1", async () => {
    const server = createHttpsServer(tls(), (request, response) => {
      response.end(JSON.stringify({ version: request.httpVersion, caller: callerOf(request.socket) }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = createClient({ server: urlOf(server), ...identity });
    assert.deepEqual(await client.request("GET", "/"), { version: "1.1", caller: "alice/team" });
    client.close();
    server.closeAllConnections();
    server.close();
  });

  it("is refused with a server that another authority vouches for, unless told otherwise", async () => {
    const { url, stop } = await http2Server();
    const stranger = await ensureCa(join(directory, "stranger"));
    const wary = createClient({ server: url, certificateAuthority: stranger.certificatePem });
    await assert.rejects(wary.request("POST", "/", {}), (error) => {
      assert.ok(isStatus(error, "ServiceUnavailable"));
      assert.match(error.message, /certificate/);
      return true;
    });
    const trusting = createClient({ server: url, insecureSkipTlsVerify: true });
    assert.deepEqual(await trusting.request("GET", "/"), { version: "2.0", caller: "nobody" });
    wary.close();
    trusting.close();
    stop();
  });

  it("verifies the name that is asked for", async () => {
    const { url, stop } = await http2Server();
    const client = createClient({ server: url, ...identity, tlsServerName: "elsewhere.example" });
    await assert.rejects(client.request("GET", "/"), /elsewhere\.example/);
    client.close();
    stop();
  });
});

function urlOf(server: { address(): AddressInfo | string | null }): string {
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
