/** Requests to one registry (OCI distribution API), which prove who asks as soon as the registry wants to know. */
import { messageOf } from "../../base/errors.ts";
import { basicAuthorization, parseChallenge, tokenRequest } from "./challenge.ts";
import type { RegistryLogin } from "./logins.ts";

export interface RegistryOptions {
  /** `HOST` or `HOST:PORT`. */
  registry: string;
  login?: RegistryLogin | undefined;
  /** Without TLS. Default: for this machine's loopback addresses only. */
  plainHttp?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Registry {
  /** @param path `/v2/...`, or an URL that the registry answered with */
  request(method: string, path: string | URL, options: RegistryRequest): Promise<Response>;
}

export interface RegistryRequest {
  body?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** Statuses that the caller wants to see; all others are failures. */
  expected: readonly number[];
}

/** The registry refused, failed, or was not reached. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  /** Undefined: no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export function createRegistry(options: RegistryOptions): Registry {
  const { registry, login, signal } = options;
  const scheme = (options.plainHttp ?? isLoopback(registry)) ? "http" : "https";
  const base = new URL(`${scheme}://${hostOf(registry)}`);
  let authorization: string | undefined;

  async function send(request: Request): Promise<Response> {
    try {
      return await fetch(request, { ...(signal && { signal }) });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new RegistryError(`the registry ${registry} cannot be reached: ${messageOf(cause)}`, undefined, { cause });
    }
  }

  async function authorize(challengeHeader: string | null): Promise<string | undefined> {
    const challenge = parseChallenge(challengeHeader);
    if (challenge.scheme === "basic") return login && basicAuthorization(login);
    if (challenge.scheme !== "bearer") return undefined;
    const request = tokenRequest(challenge, login);
    if (base.protocol === "https:" && !request.url.startsWith("https:"))
      throw new RegistryError(`${registry} wants its login to be sent to ${request.url} without TLS: not done`);
    const response = await send(request);
    if (!response.ok) throw await refusal("getting a token", response, registry);
    const answer = (await response.json()) as { token?: string; access_token?: string };
    return `Bearer ${answer.token ?? answer.access_token ?? ""}`;
  }

  return {
    async request(method, path, { body, headers, expected }) {
      const url = new URL(path, base);
      // What proves who we are is for the registry alone, not for where it keeps its blobs.
      const isOwn = url.origin === base.origin;
      const attempt = () => {
        const identity = isOwn && authorization !== undefined ? { authorization } : {};
        return send(new Request(url, { method, ...(body && { body }), headers: { ...headers, ...identity } }));
      };
      let response = await attempt();
      if (response.status === 401 && isOwn) {
        authorization = await authorize(response.headers.get("www-authenticate"));
        if (authorization !== undefined) response = await attempt();
      }
      if (!expected.includes(response.status)) throw await refusal(`${method} ${url.pathname}`, response, registry);
      return response;
    },
  };
}

async function refusal(operation: string, response: Response, registry: string): Promise<RegistryError> {
  const said = await response.text().then(reasonIn, () => "");
  const fix = response.status === 401 ? `; log in first, e.g. with \`docker login ${registry}\`` : "";
  const what = [`${response.status} ${response.statusText}`.trim(), said].filter(Boolean).join(": ");
  return new RegistryError(`${registry}: ${operation}: ${what}${fix}`, response.status);
}

const longestReason = 300;

/** `{errors: [{code, message}]}`, or what a proxy in between wrote. */
function reasonIn(body: string): string {
  try {
    const { errors = [] } = JSON.parse(body) as { errors?: { code?: string; message?: string }[] };
    return errors.map(({ code, message }) => [code, message].filter(Boolean).join(" ")).join("; ");
  } catch {
    return body
      .replaceAll(/<[^>]*>|\s+/g, " ")
      .trim()
      .slice(0, longestReason);
  }
}

function isLoopback(registry: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(registry);
}

/** Where docker.io's API really is. */
function hostOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
