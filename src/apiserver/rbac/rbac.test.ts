import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PolicyRule } from "../../../api/rbac.ts";
import type { Attributes } from "../../http/attributes.ts";
import { missingRules } from "./covers.ts";
import { ruleAllows } from "./rule.ts";

const asked = (changes: Partial<Attributes>): Attributes => ({
  user: { name: "u", groups: [] },
  verb: "get",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  namespace: "a",
  name: undefined,
  ...changes,
});

const pods: PolicyRule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] };

describe("a rule", () => {
  const cases: [string, PolicyRule, Partial<Attributes>, boolean][] = [
    ["allows its verb and resource", pods, {}, true],
    ["denies another verb", pods, { verb: "delete" }, false],
    ["denies another group", pods, { group: "apps" }, false],
    ["denies a subresource that it does not name", pods, { subresource: "log" }, false],
    ["allows a subresource that it names", { ...pods, resources: ["pods/log"] }, { subresource: "log" }, true],
    ["allows one subresource of everything", { ...pods, resources: ["*/scale"] }, { subresource: "scale" }, true],
    [
      "allows everything with stars",
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { subresource: "log", verb: "x" },
      true,
    ],
    ["allows named objects only", { ...pods, resourceNames: ["p"] }, { name: "p" }, true],
    ["denies other names", { ...pods, resourceNames: ["p"] }, { name: "q" }, false],
    ["denies a list when it names objects", { ...pods, resourceNames: ["p"] }, { verb: "list" }, false],
    ["allows a path", { nonResourceURLs: ["/apis/*"], verbs: ["get"] }, { nonResourcePath: "/apis/apps" }, true],
    ["denies another path", { nonResourceURLs: ["/apis/*"], verbs: ["get"] }, { nonResourcePath: "/metrics" }, false],
  ];
  for (const [name, rule, attributes, allowed] of cases)
    it(name, () => assert.equal(ruleAllows(rule, asked(attributes)), allowed));
});

describe("what rules lack of others", () => {
  it("is nothing of themselves", () => assert.deepEqual(missingRules([pods], [pods]), []));
  it("is each verb and resource that is not held", () =>
    assert.deepEqual(missingRules([pods], [{ ...pods, verbs: ["get", "delete"] }]), [
      { verbs: ["delete"], apiGroups: [""], resources: ["pods"] },
    ]));
  it("includes all objects when only some are held", () =>
    assert.equal(missingRules([{ ...pods, resourceNames: ["p"] }], [pods]).length, 2));
  it("is nothing for who holds everything", () =>
    assert.deepEqual(
      missingRules(
        [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
        [pods, { ...pods, resources: ["pods/log"] }],
      ),
      [],
    ));
});
