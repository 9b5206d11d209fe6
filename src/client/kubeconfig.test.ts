import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "../base/property.fixture.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("loadKubeconfig", () => {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-kubeconfig-"));
    await writeFile(join(directory, "ca.crt"), "CA FILE");
    await writeFile(join(directory, "token"), "from-file\n");
  });
  after(() => rm(directory, { recursive: true }));

  async function write(name: string, content: unknown): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  }

  const one = (user: unknown, cluster: object = {}) => ({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "team" } }],
    clusters: [{ name: "k", cluster: { server: "https://example:6443/", ...cluster } }],
    users: [{ name: "u", user }],
  });

  it("reads certificates from data, and from files beside it", async () => {
    const user = { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") };
    const path = await write("certificates", one(user, { "certificate-authority": "ca.crt" }));
    const config = await loadKubeconfig(path);
    assert.deepEqual(JSON.parse(JSON.stringify(config)), {
      server: "https://example:6443",
      certificateAuthority: "CA FILE",
      clientCertificate: "CERT",
      clientKey: "KEY",
      namespace: "team",
    });
  });

  it("reads tokens, inline and from a file that may change", async () => {
    const inline = await loadKubeconfig(await write("inline", one({ token: "t" })));
    assert.equal(await inline.token?.(), "t");
    const file = await loadKubeconfig(await write("file", one({ tokenFile: "token" })));
    assert.equal(await file.token?.(), "from-file");
    await writeFile(join(directory, "token"), "rotated\n");
    assert.equal(await file.token?.(), "rotated");
  });

  it("asks credential plugins, relative to the file", async () => {
    const credential = { status: { token: "$TEAM-token" } };
    await writeFile(join(directory, "plugin"), `#!/bin/sh\ncat <<END\n${JSON.stringify(credential)}\nEND\n`);
    await chmod(join(directory, "plugin"), 0o755);
    const user = { exec: { command: "./plugin", env: [{ name: "TEAM", value: "blue" }] } };
    const config = await loadKubeconfig(await write("exec", one(user)));
    assert.equal(await config.token?.(), "blue-token");
  });

  it("merges the files of KUBECONFIG, the first wins, missing ones are skipped", async () => {
    const first = await write("first", { users: [{ name: "u", user: { token: "first" } }] });
    const second = await write("second", one({ token: "second" }));
    const env = { KUBECONFIG: [join(directory, "missing"), first, second].join(":") };
    assert.equal(await (await loadKubeconfig(undefined, { env })).token?.(), "first");
  });

  it("takes the context that is asked for", async () => {
    const config = one({});
    config.contexts.push({ name: "other", context: { cluster: "k2", user: "u", namespace: "x" } });
    config.clusters.push({ name: "k2", cluster: { server: "https://other" } });
    const path = await write("contexts", config);
    assert.equal((await loadKubeconfig(path, { context: "other" })).server, "https://other");
    await assert.rejects(loadKubeconfig(path, { context: "none" }), /no entry named "none" in contexts/);
  });

  it("says which file is missing", async () => {
    await assert.rejects(loadKubeconfig("/nowhere/config"), /reading kubeconfig \/nowhere\/config/);
  });
});

it("whatever a file holds, it is a configuration or an error that says why", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-kubeconfig-"));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, "config");
  const part = fc.option(
    fc.oneof(fc.jsonValue(), fc.array(fc.record({ name: fc.constant("a"), context: fc.object() }))),
  );
  const file = fc.record({
    "current-context": fc.constantFrom("a", "", null),
    contexts: part,
    clusters: part,
    users: part,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        file.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      async (text) => {
        await writeFile(path, text);
        const failure = await loadKubeconfig(path).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure !== undefined) assert.ok(failure instanceof Error && !(failure instanceof TypeError), `of ${text}`);
      },
    ),
  );
});
