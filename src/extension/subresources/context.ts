/** What every subresource needs: the objects, the way to the node agents, and answers. */
import type { UserInfo } from "../../../api/admission.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import type { UpstreamTls } from "../../streams/upstream.ts";

export interface ExtensionContext {
  client: Client;
  /** Our identity towards the node agents, and by whom theirs is vouched for. */
  agentTls: () => UpstreamTls;
  version: string;
  configuration: ConfigurationSource;
  log: Logger;
}

export interface SubresourceRequest {
  namespace: string;
  name: string;
  /** What follows the subresource in the path. */
  rest: readonly string[];
  /** With its `?`, or empty. */
  query: string;
  body: unknown;
  user: UserInfo;
}

export interface Answer {
  code: number;
  contentType?: string;
  body?: Buffer;
}

/** Upstream's answer to a PUT that was taken: no body. */
export const accepted: Answer = { code: 202 };

export function jsonAnswer(value: unknown, code = 200): Answer {
  return { code, contentType: "application/json", body: Buffer.from(JSON.stringify(value)) };
}
