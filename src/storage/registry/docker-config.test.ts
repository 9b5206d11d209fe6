import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findLogin } from "./docker-config.ts";

async function inDirectory(work: (directory: string, env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-docker-config-"));
  try {
    await work(directory, { PATH: `${directory}:${process.env["PATH"]}`, DOCKER_CONFIG: directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("a login is found in the file, and none without a file", async () => {
  await inDirectory(async (directory, env) => {
    assert.equal(await findLogin("r.example.org", env), undefined);
    const auth = Buffer.from("me:secret").toString("base64");
    await writeFile(join(directory, "config.json"), JSON.stringify({ auths: { "r.example.org": { auth } } }));
    assert.deepEqual(await findLogin("r.example.org", env), { username: "me", password: "secret", identityToken: "" });
    assert.equal(await findLogin("other.example.org", env), undefined);
  });
});

test("a program that keeps logins is asked", async () => {
  await inDirectory(async (directory, env) => {
    await writeFile(join(directory, "config.json"), JSON.stringify({ credsStore: "trial" }));
    const program = join(directory, "docker-credential-trial");
    const script = `#!/bin/sh
read -r server
case $1-$server in
  get-r.example.org) echo '{"Username":"kept","Secret":"s"}' ;;
  get-t.example.org) echo '{"Username":"<token>","Secret":"long"}' ;;
  *) echo "credentials not found" >&2; exit 1 ;;
esac
`;
    await writeFile(program, script);
    await chmod(program, 0o755);
    assert.deepEqual(await findLogin("r.example.org", env), { username: "kept", password: "s", identityToken: "" });
    assert.equal((await findLogin("t.example.org", env))?.identityToken, "long");
    assert.equal(await findLogin("none.example.org", env), undefined);
  });
});

test("a broken file, or a program's name that is a path, is an error that says where", async () => {
  await inDirectory(async (directory, env) => {
    const path = join(directory, "config.json");
    await writeFile(path, "{");
    await assert.rejects(findLogin("r.example.org", env), (error: Error) => error.message.includes(path));
    await writeFile(path, JSON.stringify({ credHelpers: { "r.example.org": "../../bin/sh" } }));
    await assert.rejects(findLogin("r.example.org", env), /names no program by "..\/..\/bin\/sh"/);
  });
});
