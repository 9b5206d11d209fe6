import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpFamily } from "../../base/ip-network.ts";
import { chooseFamilies, type ServiceSpec } from "./service-families.ts";

const both: IpFamily[] = ["IPv4", "IPv6"];
const selector = { app: "web" };
const shown = (spec: ServiceSpec, old?: ServiceSpec, available: IpFamily[] = both): unknown => {
  const choice = chooseFamilies({ selector, ...spec }, old && { selector, ...old }, available);
  return Array.isArray(choice) ? choice.map(({ field }) => field) : [choice.policy, choice.families, choice.addresses];
};

const cases: [what: string, spec: ServiceSpec, available: IpFamily[], expected: unknown][] = [
  ["nothing asked", {}, both, ["SingleStack", ["IPv4"], [""]]],
  ["one family", { ipFamilies: ["IPv6"] }, both, ["SingleStack", ["IPv6"], [""]]],
  ["both if possible", { ipFamilyPolicy: "PreferDualStack" }, both, ["PreferDualStack", ["IPv4", "IPv6"], ["", ""]]],
  ["both if possible, not so", { ipFamilyPolicy: "PreferDualStack" }, ["IPv4"], ["PreferDualStack", ["IPv4"], [""]]],
  ["both, not possible", { ipFamilyPolicy: "RequireDualStack" }, ["IPv4"], ["spec.ipFamilyPolicy"]],
  [
    "the other one first",
    { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] },
    both,
    ["RequireDualStack", ["IPv6", "IPv4"], ["", ""]],
  ],
  ["two, and none said", { ipFamilies: ["IPv4", "IPv6"] }, both, ["spec.ipFamilyPolicy"]],
  ["one twice", { ipFamilies: ["IPv4", "IPv4"], ipFamilyPolicy: "PreferDualStack" }, both, ["spec.ipFamilies[1]"]],
  ["one that is none", { ipFamilies: ["IPv5"] }, both, ["spec.ipFamilies[0]"]],
  ["one that is not there", { ipFamilies: ["IPv6"] }, ["IPv4"], ["spec.ipFamilies[0]"]],
  ["a policy that is none", { ipFamilyPolicy: "Both" }, both, ["spec.ipFamilyPolicy"]],
  ["an address decides", { clusterIP: "fd00::7" }, both, ["SingleStack", ["IPv6"], ["fd00::7"]]],
  ["an address contradicts", { clusterIP: "fd00::7", ipFamilies: ["IPv4"] }, both, ["spec.clusterIPs[0]"]],
  ["headless", { clusterIP: "None" }, both, ["SingleStack", ["IPv4"], [""]]],
  [
    "headless for whatever addresses",
    { clusterIP: "None", selector: {} },
    ["IPv4"],
    ["RequireDualStack", ["IPv4", "IPv6"], ["", ""]],
  ],
];

for (const [what, spec, available, expected] of cases)
  test(`families of a new Service: ${what}`, () => assert.deepEqual(shown(spec, undefined, available), expected));

const single = { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" };
const dual = {
  clusterIP: "10.0.0.1",
  clusterIPs: ["10.0.0.1", "fd00::1"],
  ipFamilies: ["IPv4", "IPv6"],
  ipFamilyPolicy: "PreferDualStack",
};

test("a changed Service keeps its addresses, gets a second one, and loses that again", () => {
  assert.deepEqual(shown({ clusterIP: "10.0.0.1" }, dual), ["PreferDualStack", dual.ipFamilies, dual.clusterIPs]);
  assert.deepEqual(shown({ ...single, ipFamilyPolicy: "PreferDualStack" }, single), [
    "PreferDualStack",
    ["IPv4", "IPv6"],
    ["10.0.0.1", ""],
  ]);
  assert.deepEqual(shown({ ...dual, ipFamilyPolicy: "SingleStack" }, dual), ["SingleStack", ["IPv4"], ["10.0.0.1"]]);
});
