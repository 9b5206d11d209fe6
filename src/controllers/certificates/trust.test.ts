/**
 * The controller against the model over many years: authorities and certificates are replaced, get lost, the controller crashes,
 * sleeps and sees old copies, and whoever mounts a Secret reads it late. At every moment everybody trusts everybody.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../../api/admissionregistration.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import { type Secret, secrets } from "../../../api/core.ts";
import { certificateSecrets, defaultNamespace, extensionApiServices } from "../../base/cluster-names.ts";
import { isStatus } from "../../base/errors.ts";
import { certificateBlocks } from "../../pki/pem.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { createWorld, type World } from "../world.ts";
import { createCertificateReconciler } from "./controller.ts";
import type { Lifetimes, Observation } from "./observation.ts";
import type { Action } from "./plan.ts";
import { sampleApiService, sampleWebhooks } from "./sample.ts";
import { isSignedBy } from "./secret-content.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const lifetimes: Lifetimes = { authorityMs: 600 * dayMs, leafMs: 90 * dayMs, propagationMs: 10 * minuteMs };
/** By when a mount has read what its Secret says. */
const latestReadMs = 4 * minuteMs;
const events: EventRecorder = { record: () => undefined, flush: () => Promise.resolve() };
const { signal } = new AbortController();

type SecretName = (typeof certificateSecrets)[keyof typeof certificateSecrets];

/** One pod's copy of one Secret. */
interface Mount {
  secretName: SecretName;
  lagMs: number;
  data: Record<string, string>;
  /** When it will read what has changed. */
  readsAtMs: number | undefined;
}

interface Scene {
  world: World;
  nowMs: number;
  mounts: Mount[];
  observe(): Promise<Observation | undefined>;
  plan(observation: Observation): Action[];
  execute(action: Action): Promise<void>;
  requeueAfterMs(observation: Observation): number | undefined;
}

function createScene(lags: readonly number[]): Scene {
  const world = createWorld();
  for (const resource of [mutatingWebhookConfigurations, validatingWebhookConfigurations])
    world.put(resource, { ...sampleWebhooks(), kind: resource.kind });
  for (const name of extensionApiServices) world.put(apiServices, sampleApiService(name));
  const kinds = [secrets, mutatingWebhookConfigurations, validatingWebhookConfigurations, apiServices];
  const scene: Scene = {
    world,
    nowMs: Date.parse("2026-01-01T00:00:00Z"),
    mounts: [],
    observe: () => reconciler.observe("certificates", signal),
    plan: (observation) => reconciler.plan(observation),
    execute: (action) => reconciler.execute(action, signal),
    requeueAfterMs: (observation) => reconciler.requeueAfterMs?.(observation),
  };
  const reconciler = createCertificateReconciler({
    client: world.client,
    namespace: defaultNamespace,
    events,
    watched: kinds.map((each) => world.informer(each)),
    lifetimes,
    clock: { now: () => scene.nowMs },
  });
  scene.mounts = lags.flatMap((lagMs) =>
    [certificateSecrets.extensionServer, certificateSecrets.nodeApiClient, certificateSecrets.agentServer].map(
      (secretName) => ({ secretName, lagMs, data: {}, readsAtMs: undefined }),
    ),
  );
  return scene;
}

function catchUp(world: World): void {
  for (const plural of [secrets, mutatingWebhookConfigurations, validatingWebhookConfigurations, apiServices].map(
    (each) => each.plural,
  ))
    world.catchUp(plural);
}

/** Until nothing is left to do. @returns when it wants to look again */
async function converge(scene: Scene): Promise<number | undefined> {
  for (let round = 0; round < 20; round++) {
    catchUp(scene.world);
    const observation = await scene.observe();
    assert.ok(observation);
    const actions = scene.plan(observation);
    if (actions.length === 0) return scene.requeueAfterMs(observation);
    for (const action of actions) await scene.execute(action);
    assertTrust(scene);
  }
  throw new Error("it does not come to rest");
}

/** A controller that crashes after so many actions, on a copy that may be old. A lost race is no error. */
async function stumble(scene: Scene, actions: number): Promise<void> {
  const observation = await scene.observe();
  assert.ok(observation);
  try {
    for (const action of scene.plan(observation).slice(0, actions)) await scene.execute(action);
  } catch (error) {
    if (!isStatus(error, "Conflict", "NotFound")) throw error;
  }
  assertTrust(scene);
}

/** From one moment at which anything happens to the next. */
async function pass(scene: Scene, ms: number, isControllerUp: boolean): Promise<void> {
  const endMs = scene.nowMs + ms;
  for (;;) {
    const againMs = isControllerUp ? await converge(scene) : undefined;
    noticeChanges(scene);
    const reads = scene.mounts.flatMap(({ readsAtMs }) => readsAtMs ?? []);
    scene.nowMs = Math.min(endMs, ...reads, ...(againMs === undefined ? [] : [scene.nowMs + againMs]));
    read(scene);
    assertTrust(scene);
    if (scene.nowMs >= endMs) return;
  }
}

function noticeChanges(scene: Scene): void {
  for (const mount of scene.mounts) {
    const secret = secretOf(scene.world, mount.secretName);
    const isOld = secret !== undefined && JSON.stringify(secret.data) !== JSON.stringify(mount.data);
    if (isOld) mount.readsAtMs ??= scene.nowMs + mount.lagMs;
  }
}

function read(scene: Scene): void {
  for (const mount of scene.mounts) {
    if (mount.readsAtMs === undefined || mount.readsAtMs > scene.nowMs) continue;
    mount.data = { ...secretOf(scene.world, mount.secretName)?.data };
    mount.readsAtMs = undefined;
  }
}

function secretOf(world: World, name: SecretName): Secret | undefined {
  return world.list(secrets).find(({ metadata }) => metadata?.name === name);
}

/** The API server's, of every object that says whom to trust. */
function caBundles(world: World): string[] {
  const webhooks = [mutatingWebhookConfigurations, validatingWebhookConfigurations].flatMap((resource) =>
    world.list(resource).flatMap((each) => each.webhooks ?? []),
  );
  const configs = webhooks.flatMap(({ clientConfig }) => (clientConfig.service ? [clientConfig.caBundle ?? ""] : []));
  return [...configs, ...world.list(apiServices).map(({ spec }) => spec?.caBundle ?? "")];
}

function assertTrust(scene: Scene): void {
  const all = (name: SecretName) =>
    scene.mounts.filter(({ secretName, data }) => secretName === name && data["tls.crt"] !== undefined);
  const servers = all(certificateSecrets.extensionServer);
  const clients = all(certificateSecrets.nodeApiClient);
  const agents = all(certificateSecrets.agentServer);
  for (const { data } of servers)
    for (const bundle of caBundles(scene.world)) assertVouchedFor(scene, "extension", data["tls.crt"], bundle);
  for (const client of clients)
    for (const agent of agents) {
      assertVouchedFor(scene, "agent", agent.data["tls.crt"], client.data["ca.crt"]);
      assertVouchedFor(scene, "node API client", client.data["tls.crt"], agent.data["ca.crt"]);
    }
}

const parsed = new Map<string, X509Certificate>();

function certificateOf(pem: string): X509Certificate {
  const certificate = parsed.get(pem) ?? new X509Certificate(pem);
  parsed.set(pem, certificate);
  return certificate;
}

const signed = new Map<string, boolean>();

/** The same few are asked about at every moment. */
function wasSignedBy(subject: X509Certificate, authority: X509Certificate): boolean {
  const key = `${subject.fingerprint256} ${authority.fingerprint256}`;
  const known = signed.get(key) ?? isSignedBy(subject, authority);
  signed.set(key, known);
  return known;
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}

function assertVouchedFor({ nowMs }: Scene, who: string, certificate = "", bundle = ""): void {
  const subject = certificateOf(decode(certificate));
  const isValid = ({ validFromDate, validToDate }: X509Certificate): boolean =>
    validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
  const authorities = certificateBlocks(decode(bundle)).map(certificateOf);
  const isTrusted = isValid(subject) && authorities.some((each) => isValid(each) && wasSignedBy(subject, each));
  assert.ok(isTrusted, `${new Date(nowMs).toISOString()}: the certificate of the ${who} is not trusted by its peer`);
}

type Step =
  | { type: "pass"; ms: number; isControllerUp: boolean }
  | { type: "stumble"; actions: number; sees: boolean }
  | { type: "lose"; how: "delete" | "garble" | "swapKey" };

const durations = fc.constantFrom(minuteMs, 7 * minuteMs, 11 * minuteMs, dayMs, 20 * dayMs);

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("pass" as const), ms: durations, isControllerUp: fc.constant(true) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("pass" as const), ms: durations, isControllerUp: fc.constant(false) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: "pass" as const, ms: 400 * dayMs, isControllerUp: true }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("stumble" as const),
      actions: fc.integer({ min: 0, max: 3 }),
      sees: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("lose" as const),
      how: fc.constantFrom("delete" as const, "garble" as const, "swapKey" as const),
    }),
  },
);

async function play(scene: Scene, step: Step): Promise<void> {
  if (step.type === "pass") return pass(scene, step.ms, step.isControllerUp);
  if (step.type === "lose") return loseAuthority(scene.world, step.how);
  if (step.sees) catchUp(scene.world);
  return stumble(scene, step.actions);
}

function loseAuthority(world: World, how: "delete" | "garble" | "swapKey"): void {
  const secret = secretOf(world, certificateSecrets.authority);
  if (secret === undefined) return;
  const leaf = secretOf(world, certificateSecrets.agentServer)?.data ?? {};
  if (how === "delete") world.remove(secrets, { namespace: defaultNamespace, name: certificateSecrets.authority });
  else if (how === "garble") world.put(secrets, { ...secret, data: { "ca.crt": "bm9pc2U=" } });
  else world.put(secrets, { ...secret, data: { ...secret.data, "ca.key": leaf["tls.key"] ?? "" } });
}

test("everybody trusts everybody at every moment, whatever happens to the authority and the controller", async () => {
  const lags = fc.array(fc.integer({ min: 0, max: latestReadMs }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      lags,
      fc.array(stepArbitrary, { minLength: 5, maxLength: 18, size: "max" }),
      async (lags, steps) => {
        const scene = createScene(lags);
        await pass(scene, latestReadMs, true);
        let downMs = 0;
        for (const step of steps) {
          // What nobody renews ends: the controller is away for a third of a certificate's life at most.
          if (step.type === "pass") downMs = step.isControllerUp ? 0 : downMs + step.ms;
          if (step.type === "pass" && downMs > 25 * dayMs) await pass(scene, minuteMs, true);
          await play(scene, step);
        }
        await pass(scene, dayMs, true);
        assertOneAuthority(scene);
      },
    ),
    { numRuns: 10 },
  );
});

function assertOneAuthority({ world }: Scene): void {
  const data = secretOf(world, certificateSecrets.authority)?.data ?? {};
  assert.equal(data["previous.crt"], undefined);
  for (const bundle of caBundles(world)) assert.equal(bundle, data["ca.crt"]);
}
