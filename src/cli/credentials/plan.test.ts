import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessCredential, VirtualMachine } from "../../../api/kubevirt/types.ts";
import { chooseSecret, keySecretsOf, passwordSecretsOf, refuseForeign, withoutKey } from "./plan.ts";

const secret = (secretName: string) => ({ secret: { secretName } });
const accessCredentials: AccessCredential[] = [
  { sshPublicKey: { source: secret("a"), propagationMethod: { qemuGuestAgent: { users: ["root", "bob"] } } } },
  { sshPublicKey: { source: secret("b"), propagationMethod: { qemuGuestAgent: { users: ["bob"] } } } },
  { sshPublicKey: { source: secret("medium"), propagationMethod: { noCloud: {} } } },
  { userPassword: { source: secret("words"), propagationMethod: { qemuGuestAgent: {} } } },
];
const vm: VirtualMachine = {
  metadata: { name: "web", uid: "u" },
  spec: { template: { spec: { domain: { devices: {} }, accessCredentials } } },
};

test("the secret that holds a user's keys", () => {
  assert.deepEqual(keySecretsOf(vm, "bob"), ["a", "b"]);
  assert.deepEqual(passwordSecretsOf(vm), ["words"]);
  assert.equal(chooseSecret(["a"], undefined, "keys of root"), "a");
  assert.equal(chooseSecret(["a", "b"], "b", "keys of bob"), "b");
  assert.throws(() => chooseSecret(["a", "b"], undefined, "keys of bob"), /choose one of a, b with --secret/);
  assert.throws(() => chooseSecret([], undefined, "keys of eve"), /no accessCredentials for keys of eve/);
  assert.throws(() => chooseSecret(["a"], "c", "keys of root"), /secret c is not one of/);
});

test("a secret that may be others' is changed only by force", () => {
  const owned = { metadata: { name: "s", ownerReferences: [{ uid: "u", apiVersion: "v", kind: "k", name: "n" }] } };
  refuseForeign(owned, vm, false);
  refuseForeign({ metadata: { name: "s" } }, vm, true);
  assert.throws(
    () => refuseForeign({ metadata: { name: "s" } }, vm, undefined),
    /owner reference pointing to VM web: use --force/,
  );
});

test("a key is removed wherever it stands, and an entry that has no other with it", () => {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  const data = { one: encode("k A\n"), two: encode("k B\nk A\n"), three: encode("k C") };
  assert.deepEqual(withoutKey(data, "k A"), { one: null, two: encode("k B\n") });
});
