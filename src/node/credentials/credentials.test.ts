import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessCredential, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { compareAttempt } from "./observe.ts";
import { credentialSecrets, wantedCredentials } from "./wanted.ts";

const source = (secretName: string) => ({ secret: { secretName } });
const keysFor = (secretName: string, ...users: string[]): AccessCredential => ({
  sshPublicKey: { source: source(secretName), propagationMethod: { qemuGuestAgent: { users } } },
});
const passwords = (secretName: string): AccessCredential => ({
  userPassword: { source: source(secretName), propagationMethod: { qemuGuestAgent: {} } },
});
const byMedium: AccessCredential = { sshPublicKey: { source: source("medium"), propagationMethod: { noCloud: {} } } };
const spec = (...accessCredentials: AccessCredential[]): VirtualMachineInstanceSpec => ({
  domain: { devices: {} },
  accessCredentials,
});

test("what goes through the agent, by user", () => {
  const wanting = spec(keysFor("team", "root", "alice"), keysFor("own", "alice"), passwords("secret"), byMedium);
  assert.deepEqual(credentialSecrets(wanting), ["team", "own", "secret"]);
  const secrets = {
    team: { a: Buffer.from("ssh-ed25519 A a\n# comment\nssh-ed25519 B b\n") },
    own: { key: Buffer.from("ssh-ed25519 C c"), again: Buffer.from("ssh-ed25519 A a") },
    secret: { alice: Buffer.from("pass word\n"), root: Buffer.from("x") },
  };
  assert.deepEqual(wantedCredentials(wanting, secrets), {
    keys: {
      root: ["ssh-ed25519 A a", "ssh-ed25519 B b"],
      alice: ["ssh-ed25519 A a", "ssh-ed25519 B b", "ssh-ed25519 C c"],
    },
    passwords: { alice: "pass word", root: "x" },
  });
  assert.deepEqual(credentialSecrets(spec(byMedium)), []);
});

test("they are handed over once, again when they change, and again after a failure", () => {
  const wanted = { keys: { root: ["a"] }, passwords: {} };
  const { digest, due } = compareAttempt(wanted, undefined, 0);
  assert.equal(due, true);
  const after = (outcome: { failure: string | undefined } | undefined, nowMs: number) =>
    compareAttempt(wanted, { digest, atMs: 0, outcome }, nowMs).due;
  assert.equal(after(undefined, 60_000), false, "under way");
  assert.equal(after({ failure: undefined }, 60_000), false, "done");
  assert.equal(after({ failure: "no such user" }, 10_000), false, "just failed");
  assert.equal(after({ failure: "no such user" }, 60_000), true, "failed");
  const changed = { keys: { root: ["b"] }, passwords: {} };
  assert.deepEqual(
    [compareAttempt(changed, { digest, atMs: 0, outcome: { failure: undefined } }, 1)].map((each) => [
      each.due,
      each.outcome,
    ]),
    [[true, undefined]],
  );
  const underWay = { digest, atMs: 0, outcome: undefined };
  assert.equal(compareAttempt(changed, underWay, 1).due, false, "not beside one that is under way");
});
