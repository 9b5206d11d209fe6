/** Reads `kubernetes.io/dockerconfigjson` and `dockercfg` secrets. Pure. */

export interface RegistryLogin {
  username: string;
  password: string;
  identityToken: string;
}

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/** The secret's logins for the registry that an image comes from. @throws SyntaxError when it is not JSON */
export function loginsFor(image: string, secret: Record<string, string>): RegistryLogin[] {
  const registry = registryOf(image);
  return Object.entries(authsOf(secret))
    .filter(([server]) => hostOf(server) === registry)
    .map(([, auth]) => loginOf(auth));
}

function authsOf(secret: Record<string, string>): Record<string, DockerAuth> {
  const config = secret[".dockerconfigjson"];
  if (config !== undefined) {
    return (JSON.parse(config) as { auths?: Record<string, DockerAuth> }).auths ?? {};
  }
  const old = secret[".dockercfg"];
  return old === undefined ? {} : (JSON.parse(old) as Record<string, DockerAuth>);
}

/** `busybox` comes from docker.io, `host:5000/a/b` from host:5000. */
function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "docker.io";
}

function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
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
