import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../../../../api/meta.ts";
import { field } from "../field.ts";
import { podStrategy } from "./pods.ts";
import { qosClass } from "./qos-class.ts";
import { serviceStrategy } from "./services.ts";
import { deploymentStrategy } from "./workloads.ts";

type Resources = Record<string, unknown>;

describe("quality of service", () => {
  const cases: [string, Resources[], string][] = [
    ["no resources", [{}], "BestEffort"],
    ["a request", [{ requests: { cpu: "1" } }], "Burstable"],
    ["limits for both", [{ limits: { cpu: "1", memory: "1Gi" } }], "Guaranteed"],
    [
      "limits above requests",
      [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m", memory: "1Gi" } }],
      "Burstable",
    ],
    ["one container without", [{ limits: { cpu: "1", memory: "1Gi" } }, {}], "Burstable"],
    ["devices only", [{ limits: { "devices.kubevirt.io/tun": "1" } }], "BestEffort"],
    ["zero is none", [{ requests: { cpu: "0" } }], "BestEffort"],
  ];
  for (const [name, containers, expected] of cases)
    it(`of ${name} is ${expected}`, () =>
      assert.equal(qosClass({ containers: containers.map((resources) => ({ resources })) }), expected));
});

const pod = (spec: object, status: object = {}): KubeObject =>
  ({ metadata: { name: "p" }, spec, status }) as KubeObject;
const container = { name: "c", image: "x:1" };

describe("pods", () => {
  it("pull always what may change under its name", () => {
    for (const [image, policy] of [
      ["a", "Always"],
      ["a:latest", "Always"],
      ["a:1", "IfNotPresent"],
      ["r:5000/a", "Always"],
      ["a@sha256:0", "IfNotPresent"],
    ] as const) {
      const object = pod({ containers: [{ name: "c", image }] });
      podStrategy.default?.(object);
      assert.equal(field(object, "spec", "containers", 0, "imagePullPolicy"), policy, image);
    }
  });
  it("may change their image, but not their command", () => {
    const old = pod({ containers: [container] });
    assert.deepEqual(podStrategy.validateUpdate?.(pod({ containers: [{ ...container, image: "y:2" }] }), old), []);
    assert.equal(podStrategy.validateUpdate?.(pod({ containers: [{ ...container, command: ["x"] }] }), old).length, 1);
  });
  it("are waited for only when a node runs them", () => {
    const grace = (spec: object, status: object, asked?: number) =>
      podStrategy.deletionGraceSeconds?.(pod({ terminationGracePeriodSeconds: 30, ...spec }, status), asked);
    assert.equal(grace({}, { phase: "Pending" }), 0);
    assert.equal(grace({ nodeName: "n" }, { phase: "Running" }), 30);
    assert.equal(grace({ nodeName: "n" }, { phase: "Running" }, 5), 5);
    assert.equal(grace({ nodeName: "n" }, { phase: "Succeeded" }), 0);
  });
});

describe("services", () => {
  const causes = (spec: object): (string | undefined)[] =>
    (serviceStrategy.validate?.({ spec } as KubeObject) ?? []).map((cause) => cause.field);
  it("need ports unless they are headless", () => {
    assert.deepEqual(causes({}), ["spec.ports"]);
    assert.deepEqual(causes({ clusterIP: "None" }), []);
  });
  it("need names for several ports", () =>
    assert.deepEqual(causes({ ports: [{ port: 80 }, { port: 81, name: "b" }] }), ["spec.ports[0].name"]));
  it("refuse the same port twice", () =>
    assert.deepEqual(
      causes({
        ports: [
          { port: 80, name: "a", protocol: "TCP" },
          { port: 80, name: "b", protocol: "TCP" },
        ],
      }),
      ["spec.ports[1]"],
    ));
});

describe("deployments", () => {
  const deployment = (labels: object, selector: object): KubeObject =>
    ({ spec: { selector, template: { metadata: { labels }, spec: { containers: [container] } } } }) as KubeObject;
  it("select their own pods", () => {
    assert.deepEqual(deploymentStrategy.validate?.(deployment({ app: "a" }, { matchLabels: { app: "a" } })), []);
    const [cause] = deploymentStrategy.validate?.(deployment({ app: "a" }, { matchLabels: { app: "b" } })) ?? [];
    assert.equal(cause?.field, "spec.template.metadata.labels");
  });
});
