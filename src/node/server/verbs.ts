/** The plain requests, by method and path. PUTs answer 202 without a body, as upstream's do. */
import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { isInTransit } from "../../../api/kubevirt/migration/migration.ts";
import { StatusError } from "../../base/errors.ts";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { guestFreeze, guestThaw } from "../../qemu/guest-agent/queries.ts";
import { parseDurationMs } from "../../base/duration.ts";
import { agentFailure } from "../guest/agent-failure.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
import { describeGuest, listFilesystems, listUsers } from "../guest/guest-lists.ts";
import { pause, reset, softReboot, unpause } from "./lifecycle.ts";
import { takeScreenshot } from "./screenshot.ts";
import type { Target } from "./target.ts";

export interface VerbContext {
  guests: GuestAgents;
}

export interface Reply {
  contentType?: string;
  body?: string | Buffer;
}

export type Verb = (context: VerbContext, target: Target, req: IncomingMessage) => Promise<Reply>;

const defaultUnfreezeMs = 5 * 60_000;

export const verbs: Readonly<Record<string, Verb>> = {
  "PUT pause": (_, target) => done(pause(settled(target))),
  "PUT unpause": (_, target) => done(unpause(settled(target))),
  "PUT reset": (_, target) => done(reset(settled(target))),
  "PUT softreboot": ({ guests }, target) => done(softReboot(settled(target), guests)),
  "PUT freeze": serveFreeze,
  "PUT unfreeze": ({ guests }, target) => done(withAgent(guests, target, guestThaw)),
  "GET guestosinfo": ({ guests }, target) => asJson(withAgent(guests, target, describeGuest)),
  "GET userlist": ({ guests }, target) => asJson(withAgent(guests, target, listUsers)),
  "GET filesystemlist": ({ guests }, target) => asJson(withAgent(guests, target, listFilesystems)),
  "GET vnc/screenshot": async (_, target) => ({ contentType: "image/png", body: await takeScreenshot(target) }),
};

/** @throws StatusError Conflict while only the migration says which of two QEMUs runs */
function settled(target: Target): Target {
  if (isInTransit(target.vmi)) throw new StatusError("Conflict", "VMI is being migrated");
  return target;
}

async function serveFreeze({ guests }: VerbContext, target: Target, req: IncomingMessage): Promise<Reply> {
  const { unfreezeTimeout } = (await readBody(req)) as { unfreezeTimeout?: unknown };
  const timeoutMs = typeof unfreezeTimeout === "string" ? parseDurationMs(unfreezeTimeout) : defaultUnfreezeMs;
  if (timeoutMs === undefined) {
    throw new StatusError(
      "BadRequest",
      `unfreezeTimeout ${JSON.stringify(unfreezeTimeout)} is not a duration such as 5m0s`,
    );
  }
  await withAgent(guests, target, guestFreeze);
  guests.thawAfter(target.qemu, timeoutMs);
  return {};
}

async function readBody(req: IncomingMessage): Promise<unknown> {
  if (req.headers["content-length"] === undefined || req.headers["content-length"] === "0") return {};
  try {
    return (await json(req)) ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) throw new StatusError("BadRequest", `the body is not JSON: ${error.message}`);
    throw error;
  }
}

async function done(work: Promise<unknown>): Promise<Reply> {
  await work;
  return {};
}

async function asJson(answer: Promise<object>): Promise<Reply> {
  return { contentType: "application/json", body: JSON.stringify(await answer) };
}

async function withAgent<T>(guests: GuestAgents, target: Target, use: (agent: GuestAgent) => Promise<T>): Promise<T> {
  try {
    return await use(guests.of(target.qemu));
  } catch (error) {
    throw agentFailure(error);
  }
}
