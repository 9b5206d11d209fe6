/**
 * The VM extension of a Kubernetes API: admission of `kubevirt.io` objects and the group
 * `subresources.kubevirt.io`. It keeps nothing: all it knows it reads from the API, all it decides it writes
 * there, and what needs the guest it passes on to the node agent.
 */
import type { AdmissionPlugin, ApiDelegate, ApiRequest, ApiResponse } from "../../api/admission.ts";
import { type ConfigurationSource, defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import { embeddedComponents, type OwnComponents } from "./admission/own-components.ts";
import { createAdmissionPlugins } from "./admission/plugins.ts";
import { discoveredResources } from "./discovery.ts";
import { readBody } from "./read-body.ts";
import { health, versionInfo } from "./subresources/about.ts";
import type { Answer, ExtensionContext, SubresourceRequest } from "./subresources/context.ts";
import { expandVmSpec } from "./subresources/expand.ts";
import { group, notImplemented, parseRoute, type Route, versions } from "./subresources/route.ts";

export interface ExtensionOptions extends Omit<ExtensionContext, "version" | "configuration"> {
  version?: string;
  configuration?: ConfigurationSource;
  /** Who may do what users may not; default: the components of the embedded mode. */
  isOwnComponent?: OwnComponents;
}

export interface Extension {
  admission: AdmissionPlugin[];
  delegate: ApiDelegate;
}

export function createExtension(options: ExtensionOptions): Extension {
  const { client, configuration = () => defaultConfiguration, isOwnComponent = embeddedComponents } = options;
  const context: ExtensionContext = { version: "0.1.0", ...options, configuration };
  const admission = createAdmissionPlugins({ client, configuration, isOwnComponent });
  return { admission, delegate: createDelegate(context) };
}

function createDelegate(context: ExtensionContext): ApiDelegate {
  return {
    group,
    versions,
    resources: discoveredResources,
    async handle(request, response, user) {
      const url = urlOf(request);
      const route = parseRoute(url.pathname, request.method ?? "GET");
      const body = await readBody(request);
      respond(response, await answerOf(context, route, { query: url.search, body, user }));
    },
    async upgrade(upgrade, socket, head, user) {
      const url = urlOf(upgrade);
      const route = parseRoute(url.pathname, upgrade.method ?? "GET");
      if (route.type !== "endpoint" || route.endpoint.stream === undefined) {
        throw notImplemented(`${url.pathname} is no stream: send a plain request`);
      }
      const { namespace, name, rest, endpoint } = route;
      context.log.debug({ user: user.name, namespace, name, stream: endpoint.subresource }, "stream opened");
      await endpoint.stream?.(context, { namespace, name, rest, query: url.search, user, upgrade, socket, head });
    },
  };
}

type Asked = Pick<SubresourceRequest, "query" | "body" | "user">;

function answerOf(context: ExtensionContext, route: Route, asked: Asked): Answer | Promise<Answer> {
  if (route.type === "version") return versionInfo(context);
  if (route.type === "health") return health();
  if (route.type === "guestfs") throw notImplemented("guestfs: libguestfs images are not available yet in vmpod");
  if (route.type === "expandVmSpec")
    return expandVmSpec(context, { ...asked, namespace: route.namespace, name: "", rest: [] });
  const { endpoint, namespace, name, rest } = route;
  if (endpoint.handle === undefined)
    throw notImplemented(`${endpoint.plural}/${endpoint.subresource} is a stream: connect with a websocket`);
  return endpoint.handle(context, { ...asked, namespace, name, rest });
}

function urlOf(request: Pick<ApiRequest, "url">): URL {
  return new URL(request.url ?? "/", "https://localhost");
}

function respond(response: ApiResponse, { code, contentType, body }: Answer): void {
  response.statusCode = code;
  if (contentType !== undefined) response.setHeader("content-type", contentType);
  response.setHeader("content-length", body?.length ?? 0);
  response.end(body ?? "");
}
