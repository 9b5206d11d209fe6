import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { after, test } from "node:test";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../cri/gen/grpc/health/v1/health.gen.ts";
import type { Probe } from "../../../api/core.ts";
import { connectCri } from "../../cri/client.ts";
import { mainContainer } from "../pods/fixture.ts";
import { runProbe } from "./run-probe.ts";
import { extend, noStreak, type Streak, verdictOf } from "./streak.ts";

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const cri = connectCri("/nonexistent");
const run = (probe: Probe, ports = mainContainer.ports) =>
  runProbe(
    cri,
    probe,
    { container: { ...mainContainer, ports }, containerId: "c", podIp: "127.0.0.1" },
    new AbortController().signal,
  );

test("HTTP: 2xx and 3xx are well, the rest is not; ports may have names", async () => {
  const port = await listen(
    createHttpServer((request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end(request.headers["x-probe"]);
    }),
  );
  const ports = [{ name: "web", containerPort: port }];
  const httpHeaders = [{ name: "X-Probe", value: "yes" }];
  for (const [code, ok] of [
    [200, true],
    [302, true],
    [404, false],
    [500, false],
  ] as const) {
    const result = await run({ httpGet: { path: `/${code}`, port: "web", httpHeaders } }, ports);
    assert.equal(result.ok, ok, String(code));
  }
  assert.equal((await run({ httpGet: { path: "/200", port, httpHeaders } })).output, "yes");
  assert.match((await run({ httpGet: { port: "none" } })).output, /no port "none"/);
});

test("HTTP: no answer in time", async () => {
  const port = await listen(createHttpServer(() => undefined));
  const result = await run({ httpGet: { port }, timeoutSeconds: 0.1 });
  assert.deepEqual(result, { ok: false, output: "no answer in 100 ms" });
});

test("TCP: someone listens or not", async () => {
  const port = await listen(createHttpServer());
  assert.equal((await run({ tcpSocket: { port } })).ok, true);
  assert.equal((await run({ tcpSocket: { port: 1 } })).ok, false);
});

test("gRPC: the health service's word", async () => {
  const status = (service: string) => (service === "up" ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  const handler = connectNodeAdapter({
    routes: (router) => router.service(Health, { check: ({ service }) => ({ status: status(service) }) }),
  });
  const port = await listen(createHttp2Server(handler));
  assert.equal((await run({ grpc: { port, service: "up" } })).ok, true);
  assert.equal((await run({ grpc: { port } })).ok, false);
  assert.equal((await run({ grpc: { port: 1 } })).ok, false);
});

test("a verdict needs enough results of one kind in a row", () => {
  const probe: Probe = { failureThreshold: 2, successThreshold: 1 };
  let streak: Streak = noStreak;
  const verdicts = [true, false, false, true, false].map((ok) => {
    streak = extend(streak, ok);
    return verdictOf(streak, probe);
  });
  assert.deepEqual(verdicts, [true, undefined, false, true, undefined]);
});
