import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { highestNumber, planCluster } from "./plan.ts";

describe("planCluster", () => {
  it("gives everything its address", () => {
    const plan = planCluster(3);
    assert.equal(plan.server, "https://10.120.3.1:6443");
    assert.deepEqual(
      plan.nodes.map(({ name, ip, podCidr }) => [name, ip, podCidr]),
      [
        ["n1", "10.120.3.11", "10.133.1.0/24"],
        ["n2", "10.120.3.12", "10.133.2.0/24"],
      ],
    );
    assert.deepEqual([plan.apiServiceIp, plan.dnsServiceIp], ["10.143.0.1", "10.143.0.10"]);
  });

  it("lets no two clusters share a trace on the host", () => {
    const plans = Array.from({ length: highestNumber }, (_, index) => planCluster(index + 1));
    const traces = plans.flatMap(({ name, lockFile, nodeCidr, podCidr, serviceCidr, dir }) => [
      name,
      lockFile,
      nodeCidr,
      podCidr,
      serviceCidr,
      dir,
    ]);
    assert.equal(new Set(traces).size, traces.length);
  });

  it("refuses a number that has no addresses", () => {
    assert.throws(() => planCluster(0), /choose one of 1 to 9/);
    assert.throws(() => planCluster(10), /choose one of 1 to 9/);
  });
});
