/**
 * Reads what `docker login` writes: the `auths` of a config.json, which a `kubernetes.io/dockerconfigjson` Secret holds too.
 * Pure.
 */

export interface RegistryLogin {
  username: string;
  password: string;
  identityToken: string;
}

export interface DockerConfig {
  auths?: Record<string, DockerAuth>;
  /** Name of the program that keeps all logins. */
  credsStore?: string;
  /** The same for single registries. */
  credHelpers?: Record<string, string>;
}

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/** The secret's logins for the registry that an image comes from. @throws SyntaxError when it is not JSON */
export function loginsFor(image: string, secret: Record<string, string>): RegistryLogin[] {
  return loginsIn({ auths: authsOf(secret) }, registryOf(image));
}

/** @param registry `HOST` or `HOST:PORT` */
export function loginsIn({ auths = {} }: DockerConfig, registry: string): RegistryLogin[] {
  return Object.entries(auths)
    .filter(([server, auth]) => hostOf(server) === registry && hasContent(auth))
    .map(([, auth]) => loginOf(auth));
}

/** `busybox` comes from docker.io, `host:5000/a/b` from host:5000. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "docker.io";
}

function authsOf(secret: Record<string, string>): Record<string, DockerAuth> {
  const config = secret[".dockerconfigjson"];
  if (config !== undefined) return (JSON.parse(config) as DockerConfig).auths ?? {};
  const old = secret[".dockercfg"];
  return old === undefined ? {} : (JSON.parse(old) as Record<string, DockerAuth>);
}

function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

/** Where a program keeps the logins, docker leaves an empty entry for each. */
function hasContent(auth: DockerAuth): boolean {
  return Object.values(auth).some(Boolean);
}

function loginOf(auth: DockerAuth): RegistryLogin {
  const [username = "", ...password] = Buffer.from(auth.auth ?? "", "base64")
    .toString("utf8")
    .split(":");
  return {
    username: auth.username ?? username,
    password: auth.password ?? password.join(":"),
    identityToken: auth.identitytoken ?? "",
  };
}
