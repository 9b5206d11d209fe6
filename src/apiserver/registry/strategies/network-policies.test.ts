import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../../../../api/meta.ts";
import { field } from "../field.ts";
import { networkPolicyStrategy } from "./network-policies.ts";

const defaulted = (spec: object): KubeObject => {
  const policy = { metadata: { name: "p" }, spec: structuredClone(spec) } as KubeObject;
  networkPolicyStrategy.default?.(policy);
  return policy;
};

describe("network policies", () => {
  it("isolate in the directions that their rules speak of", () => {
    for (const [spec, types] of [
      [{}, ["Ingress"]],
      [{ egress: [] }, ["Ingress"]],
      [{ egress: [{}] }, ["Ingress", "Egress"]],
      [{ egress: [{}], policyTypes: ["Egress"] }, ["Egress"]],
    ] as const)
      assert.deepEqual(field(defaulted(spec), "spec", "policyTypes"), types, JSON.stringify(spec));
    assert.equal(
      field(defaulted({ ingress: [{ ports: [{ port: 80 }] }] }), "spec", "ingress", 0, "ports", 0, "protocol"),
      "TCP",
    );
  });

  const port = (port: object) => ({ ingress: [{ ports: [port] }] });
  const peer = (peer: object) => ({ egress: [{ to: [peer] }] });
  const cases: [string, object, string[]][] = [
    ["everything that is right", { ...port({ port: 80, endPort: 90 }), ...peer({ ipBlock: { cidr: "::/0" } }) }, []],
    ["an unknown type", { policyTypes: ["Both"] }, ["spec.policyTypes[0]"]],
    ["a bad selector", { podSelector: { matchLabels: { "a b": "c" } } }, ["spec.podSelector.matchLabels"]],
    ["port 0", port({ port: 0 }), ["spec.ingress[0].ports[0].port"]],
    ["a long port name", port({ port: "a-name-that-is-too-long" }), ["spec.ingress[0].ports[0].port"]],
    ["an unknown protocol", port({ protocol: "ICMP" }), ["spec.ingress[0].ports[0].protocol"]],
    ["an end without a number", port({ port: "http", endPort: 90 }), ["spec.ingress[0].ports[0].endPort"]],
    ["an end before its start", port({ port: 90, endPort: 80 }), ["spec.ingress[0].ports[0].endPort"]],
    ["an empty peer", peer({}), ["spec.egress[0].to[0]"]],
    ["two peers in one", peer({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }), ["spec.egress[0].to[0]"]],
    ["no network", peer({ ipBlock: { cidr: "10.0.0.0" } }), ["spec.egress[0].to[0].ipBlock.cidr"]],
    [
      "exceptions that are none",
      peer({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "11.0.0.0/8", "10.0.0.0/8", "x"] } }),
      [1, 2, 3].map((index) => `spec.egress[0].to[0].ipBlock.except[${index}]`),
    ],
    [
      "a peer's bad selector",
      peer({ namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }),
      ["spec.egress[0].to[0].namespaceSelector.matchExpressions[0].values"],
    ],
  ];
  for (const [what, spec, fields] of cases)
    it(`are asked for ${what}`, () =>
      assert.deepEqual(
        networkPolicyStrategy.validate?.(defaulted(spec)).map((cause) => cause.field),
        fields,
      ));
});
