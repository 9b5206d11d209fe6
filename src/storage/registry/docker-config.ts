/** Finds the user's login for a registry where `docker login` and its like leave it. */
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import { readTextIfThere } from "../../base/files.ts";
import { type DockerConfig, loginsIn, type RegistryLogin } from "./logins.ts";

/** @param registry `HOST` or `HOST:PORT` */
export async function findLogin(registry: string, env = process.env): Promise<RegistryLogin | undefined> {
  const path = join(env["DOCKER_CONFIG"] ?? join(env["HOME"] ?? homedir(), ".docker"), "config.json");
  const config = await readConfig(path);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  return helper === undefined ? loginsIn(config, registry)[0] : await askHelper(helper, registry, env);
}

async function readConfig(path: string): Promise<DockerConfig> {
  const text = await readTextIfThere(path);
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (error) {
    throw new Error(`${path} is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** Keepers of logins know docker.io by its first address. */
const keptAs: Record<string, string> = { "docker.io": "https://index.docker.io/v1/" };

async function askHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<RegistryLogin | undefined> {
  if (!/^[\w.-]+$/.test(helper)) throw new Error(`docker's config.json names no program by ${JSON.stringify(helper)}`);
  const answer = await exec([`docker-credential-${helper}`, "get"], { input: keptAs[registry] ?? registry, env }).catch(
    // It has no login for this registry, or is not installed: the registry may want none.
    () => undefined,
  );
  if (answer === undefined) return undefined;
  const { Username: username = "", Secret: secret = "" } = JSON.parse(answer) as Record<string, string>;
  return username === "<token>"
    ? { username: "", password: "", identityToken: secret }
    : { username, password: secret, identityToken: "" };
}
