import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { sampleVm } from "../../../api/kubevirt/sample.ts";
import { StatusError } from "../../base/errors.ts";
import { createClient } from "../../client/create-client.ts";
import { embeddedComponents } from "./own-components.ts";
import { parseReview } from "./parse-review.ts";
import { createAdmissionPlugins } from "./plugins.ts";
import { reviewAdmission } from "./review.ts";

const plugins = createAdmissionPlugins({
  client: createClient({ server: "http://127.0.0.1:1" }),
  configuration: () => defaultConfiguration,
  isOwnComponent: embeddedComponents,
});

const reviewed = {
  uid: "u",
  kind: { group: "kubevirt.io", version: "v1", kind: "VirtualMachine" },
  resource: { group: "kubevirt.io", version: "v1", resource: "virtualmachines" },
  operation: "CREATE",
  namespace: "default",
  name: "a",
  userInfo: { username: "jane" },
};

function review(request: object): unknown {
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { ...reviewed, ...request } };
}

test("the same rules answer as webhooks", async () => {
  const mutated = await reviewAdmission(plugins, "mutate", review({ object: sampleVm() }));
  const patch = JSON.parse(Buffer.from(mutated.response.patch ?? "", "base64").toString()) as { path: string }[];
  assert.ok(patch.some(({ path }) => path === "/metadata/finalizers"));
  const bad = sampleVm((vm) => Object.assign(vm.spec, { runStrategy: "x" }));
  const { response } = await reviewAdmission(plugins, "validate", review({ object: bad }));
  assert.equal(response.allowed, false);
  assert.equal(response.status?.code, 422);
  assert.equal(response.status?.details?.causes?.[0]?.field, "spec.runStrategy");
});

const broken: [what: string, body: unknown, says: RegExp][] = [
  ["no object", [], /the request's body is \[\], but must be a JSON object/],
  ["another version", { ...(review({}) as object), apiVersion: "admission.k8s.io/v1beta1" }, /admission\.k8s\.io\/v1 /],
  ["no request", { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" }, /request is nothing/],
  ["uid", review({ uid: "" }), /request\.uid is ""/],
  ["operation", review({ operation: "PATCH" }), /request\.operation is "PATCH", but must be CREATE, UPDATE/],
  ["resource", review({ resource: { group: "", version: "v1" } }), /request\.resource\.resource is nothing/],
  ["groups", review({ userInfo: { groups: ["a", 1] } }), /request\.userInfo\.groups is \["a",1\]/],
  ["object", review({ object: 7 }), /request\.object is 7/],
  ["metadata", review({ object: { metadata: "x" } }), /request\.object\.metadata is "x"/],
];

for (const [what, body, says] of broken) {
  test(`refused with field, value and fix: ${what}`, () => {
    assert.throws(
      () => parseReview(body),
      (error) => error instanceof StatusError && error.code === 400 && says.test(error.message),
    );
  });
}

/** An object of the reviewed kind in which parts were replaced by noise. */
const noisyVm = fc
  .tuple(fc.constantFrom("metadata", "spec", "status", "apiVersion"), fc.jsonValue())
  .map(([field, noise]) => {
    const vm: Record<string, unknown> = { ...sampleVm() };
    const old = vm[field];
    const isPart = typeof old === "object" && typeof noise === "object";
    vm[field] = isPart ? Object.assign({}, old, noise) : noise;
    return vm;
  });

const noisyRequest = fc
  .tuple(fc.constantFrom(...Object.keys(reviewed), "object", "oldObject", "dryRun", "subResource"), fc.jsonValue())
  .map(([field, noise]) => review({ object: sampleVm(), [field]: noise }));

test("no body makes it fail otherwise than by a refusal: noise in its place, its fields, its object", async () => {
  const resource = fc.constantFrom("virtualmachines", "virtualmachineinstances");
  const objects = fc
    .record({ object: fc.oneof(noisyVm, fc.jsonValue()), oldObject: fc.oneof(noisyVm, fc.jsonValue()), resource })
    .map(({ resource, ...rest }) =>
      review({ ...rest, operation: "UPDATE", resource: { ...reviewed.resource, resource } }),
    );
  const phases = fc.constantFrom("mutate" as const, "validate" as const);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), noisyRequest, objects), phases, async (body, phase) => {
      try {
        const { response } = await reviewAdmission(plugins, phase, body);
        assert.equal(typeof response.allowed, "boolean");
        assert.notEqual(response.uid, "");
      } catch (error) {
        assert.ok(error instanceof StatusError && error.code === 400, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
