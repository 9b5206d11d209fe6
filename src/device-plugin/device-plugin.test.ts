/** Against a kubelet of our own making that speaks the same API with the same library; real ones: test/cluster. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { createLogger } from "../base/log.ts";
import { offerDevice } from "./device-plugin.ts";
import { DevicePlugin, Registration, type RegisterRequest } from "./gen/deviceplugin/v1beta1/api.gen.ts";

const resource = {
  name: "devices.kubevirt.io/tun",
  capacity: 3,
  device: { hostPath: "/plugins/tun", containerPath: "/dev/net/tun" },
};

interface Kubelet {
  registered: RegisterRequest[];
  /** As a restart does: every socket in the directory goes. */
  stop(): void;
}

async function startKubelet(directory: string): Promise<Kubelet> {
  const registered: RegisterRequest[] = [];
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(Registration, {
          register(request) {
            registered.push(request);
            return {};
          },
        }),
    }),
  );
  await new Promise<void>((resolve) => server.listen(join(directory, "kubelet.sock"), resolve));
  return {
    registered,
    stop() {
      server.close();
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
    },
  };
}

function pluginAt(path: string) {
  const baseUrl = "http://localhost";
  const sessionManager = new Http2SessionManager(baseUrl, undefined, { createConnection: () => connect(path) });
  const client = createClient(DevicePlugin, createGrpcTransport({ baseUrl, sessionManager }));
  return { client, close: () => sessionManager.abort() };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await delay(10);
  }
}

test("a device is offered, handed out, and offered again when the kubelet restarts", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-plugin-"));
  const stopping = new AbortController();
  const options = {
    directory,
    prefix: "vmpod",
    resource,
    log: createLogger("device-plugin-test"),
    signal: stopping.signal,
  };
  let kubelet = await startKubelet(directory);
  const offering = offerDevice(options);
  context.after(async () => {
    stopping.abort();
    await offering;
    kubelet.stop();
    rmSync(directory, { recursive: true });
  });

  await until("registered", () => kubelet.registered.length === 1);
  const [{ version, endpoint, resourceName } = assert.fail()] = kubelet.registered;
  assert.deepEqual([version, endpoint, resourceName], ["v1beta1", "vmpod-tun.sock", "devices.kubevirt.io/tun"]);

  const plugin = pluginAt(join(directory, endpoint));
  const watching = new AbortController();
  const lists = plugin.client.listAndWatch({}, { signal: watching.signal })[Symbol.asyncIterator]();
  const first = await lists.next();
  assert.deepEqual(first.done ? [] : first.value.devices.map(({ ID, health }) => `${ID} ${health}`), [
    "0 Healthy",
    "1 Healthy",
    "2 Healthy",
  ]);
  const answer = await plugin.client.allocate({ containerRequests: [{ devicesIDs: ["2"] }, { devicesIDs: ["0"] }] });
  assert.deepEqual(
    answer.containerResponses.map(({ devices }) =>
      devices.map((each) => `${each.hostPath} ${each.containerPath} ${each.permissions}`),
    ),
    [["/plugins/tun /dev/net/tun rw"], ["/plugins/tun /dev/net/tun rw"]],
  );
  const next = lists.next();
  assert.equal(await Promise.race([next, delay(200, "still open")]), "still open");
  watching.abort();
  await assert.rejects(next);
  plugin.close();

  for (const _restart of [1, 2]) {
    kubelet.stop();
    await delay(50); // as a process takes: within a tick of the kernel's clock the new socket may be told from the old one by nothing
    kubelet = await startKubelet(directory);
    await until("registered again", () => kubelet.registered.length === 1);
    await until("its socket is there", () => readdirSync(directory).includes("vmpod-tun.sock"));
  }
});
