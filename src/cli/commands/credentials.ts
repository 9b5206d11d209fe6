import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { secrets } from "../../../api/core.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import { type Connection, withConnection } from "../connection.ts";
import { chooseSecret, keySecretsOf, passwordSecretsOf, refuseForeign, withoutKey } from "../credentials/plan.ts";
import { examples } from "../program.ts";

interface CredentialOptions {
  user: string;
  secret?: string;
  force?: boolean;
}

interface KeyOptions extends CredentialOptions {
  file?: string;
  value?: string;
  createSecret?: boolean;
}

interface PasswordOptions extends CredentialOptions {
  password: string;
}

export function define(command: Command): void {
  keyFlags(sub(command, "add-ssh-key", "Let somebody log in to the guest by an SSH key"))
    .option("--create-secret", "put the key into a Secret of its own; it counts once the machine has restarted")
    .option("--update-secret", "put the key into the Secret that the machine has for the user (the default)")
    .action((name: string, options: KeyOptions) => change(command, name, (machine) => addKey(machine, options)));
  keyFlags(sub(command, "remove-ssh-key", "Take an SSH key away again")).action((name: string, options: KeyOptions) =>
    change(command, name, (machine) => removeKey(machine, options)),
  );
  sub(command, "set-password", "Set the password of a user of the guest")
    .requiredOption("-p, --password <password>", "the new password")
    .action((name: string, options: PasswordOptions) =>
      change(command, name, (machine) => setPassword(machine, options)),
    );
  examples(
    command,
    ["A key for root, at once", "vmpod credentials add-ssh-key --user=root --file ~/.ssh/id_ed25519.pub legacy"],
    ["A new password", "vmpod credentials set-password --user=root --password=sesame legacy"],
  );
}

function sub(command: Command, name: string, summary: string): Command {
  return command
    .command(name)
    .description(`${summary}.`)
    .argument("<vm>", "name of the VirtualMachine")
    .requiredOption("-u, --user <name>", "user of the guest")
    .option("--secret <name>", "the Secret to change, where the machine has several")
    .option("--force", "also change a Secret that is not the machine's own");
}

function keyFlags(command: Command): Command {
  return command.option("-f, --file <file>", "file with the public key").option("--value <key>", "the public key");
}

interface Owner {
  connection: Connection;
  vm: VirtualMachine;
}

async function change(command: Command, name: string, work: (owner: Owner) => Promise<string>): Promise<void> {
  await withConnection(command, async (connection) => {
    const vm = await connection.client.get(virtualMachines, { namespace: connection.namespace, name });
    console.log(await work({ connection, vm }));
  });
}

async function addKey(owner: Owner, options: KeyOptions): Promise<string> {
  const key = await keyOf(options);
  if (options.createSecret) return createKeySecret(owner, options, key);
  const name = chooseSecret(keySecretsOf(owner.vm, options.user), options.secret, `keys of ${options.user}`);
  await patchSecret(owner, name, options.force, () => ({ [entryName()]: encode(key) }));
  return `Successfully added the key to secret ${name}`;
}

async function createKeySecret({ connection, vm }: Owner, { secret, user }: KeyOptions, key: string): Promise<string> {
  const { namespace, name: vmName = "" } = vm.metadata ?? {};
  const name = secret ?? `${vmName}-ssh-key-${randomBytes(3).toString("hex")}`;
  const ownerReferences = [controllerReference(virtualMachines, vm)];
  const data = { [entryName()]: encode(key) };
  await connection.client.create(secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace, name, ownerReferences },
    data,
  });
  const propagationMethod = { qemuGuestAgent: { users: [user] } };
  const credential = { sshPublicKey: { source: { secret: { secretName: name } }, propagationMethod } };
  const accessCredentials = [...(vm.spec.template.spec.accessCredentials ?? []), credential];
  const spec = { ...vm.spec, template: { ...vm.spec.template, spec: { ...vm.spec.template.spec, accessCredentials } } };
  await connection.client.update(virtualMachines, { ...vm, spec });
  return `Successfully created secret ${name}; it counts once VM ${vmName} has restarted`;
}

async function removeKey(owner: Owner, options: KeyOptions): Promise<string> {
  const key = await keyOf(options);
  const candidates = keySecretsOf(owner.vm, options.user);
  if (candidates.length === 0) chooseSecret([], options.secret, `keys of ${options.user}`);
  const names = options.secret ? [chooseSecret(candidates, options.secret, `keys of ${options.user}`)] : candidates;
  const changed: string[] = [];
  for (const name of new Set(names))
    if (await patchSecret(owner, name, options.force, (data) => withoutKey(data, key))) changed.push(name);
  if (changed.length === 0) throw new Error(`none of ${names.join(", ")} holds that key`);
  return `Successfully removed the key from secret ${changed.join(", ")}`;
}

async function setPassword(owner: Owner, { user, password, secret, force }: PasswordOptions): Promise<string> {
  const name = chooseSecret(passwordSecretsOf(owner.vm), secret, "passwords");
  await patchSecret(owner, name, force, () => ({ [user]: encode(password) }));
  return `Successfully set the password of ${user} in secret ${name}`;
}

/** @returns whether there was something to change */
async function patchSecret(
  { connection: { client }, vm }: Owner,
  name: string,
  force: boolean | undefined,
  changesOf: (data: Record<string, string>) => Record<string, string | null>,
): Promise<boolean> {
  const key = { namespace: vm.metadata?.namespace, name };
  const secret = await client.get(secrets, key);
  const data = changesOf(secret.data ?? {});
  if (Object.keys(data).length === 0) return false;
  refuseForeign(secret, vm, force);
  const metadata = { resourceVersion: secret.metadata?.resourceVersion };
  await client.patch(secrets, key, { type: "merge", body: { metadata, data } });
  return true;
}

async function keyOf({ file, value }: KeyOptions): Promise<string> {
  if ((file === undefined) === (value === undefined))
    throw new Error("give the key with --file or --value, one of them");
  const key = (value ?? (await readFile(file ?? "", "utf8"))).trim();
  if (!/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(key))
    throw new Error("that is not one public key as OpenSSH writes it");
  return key;
}

const entryName = (): string => `ssh-key-${randomBytes(4).toString("hex")}`;
const encode = (text: string): string => Buffer.from(text).toString("base64");
