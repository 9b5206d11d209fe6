/** What a kubelet does with a Secret that a pod mounts. */
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Secret, secrets } from "../../api/core.ts";
import { defaultNamespace } from "../../src/base/cluster-names.ts";
import type { Client } from "../../src/client/client.ts";

/** Its texts. */
export async function readSecret(client: Client, name: string): Promise<Record<string, string>> {
  const { data }: Secret = await client.get(secrets, { namespace: defaultNamespace, name });
  const texts = Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
  return Object.fromEntries(texts) as Record<string, string>;
}

let versions = 0;

/** As a kubelet does: a new directory, and one link that is swapped for another. */
export async function mountSecret(client: Client, directory: string, secretName: string): Promise<void> {
  const at = join(directory, secretName);
  const version = `..${(versions += 1)}`;
  mkdirSync(join(at, version), { recursive: true });
  const texts = await readSecret(client, secretName);
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(at, version, name), text);
  symlinkSync(version, join(at, "..data_tmp"));
  renameSync(join(at, "..data_tmp"), join(at, "..data"));
  for (const name of Object.keys(texts))
    if (!existsSync(join(at, name))) symlinkSync(join("..data", name), join(at, name));
}
