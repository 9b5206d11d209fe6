import assert from "node:assert/strict";
import { test } from "node:test";
import { isOurs, lookup } from "./records.ts";
import { zone } from "./zone.fixture.ts";

/** `undefined`: there is no such name; `[]`: there is, but not of this type. */
const cases: [name: string, type: string, expected: string[] | undefined][] = [
  ["web.n.svc.cluster.local", "A", ["10.0.0.1"]],
  ["WEB.n.SVC.cluster.LOCAL", "A", ["10.0.0.1"]],
  ["web.n.svc.cluster.local", "AAAA", []],
  ["web.n.svc.cluster.local", "TXT", []],
  ["web.other.svc.cluster.local", "A", undefined],
  ["gone.n.svc.cluster.local", "A", undefined],
  ["_http._tcp.web.n.svc.cluster.local", "SRV", ["web.n.svc.cluster.local:80"]],
  ["_http._tcp.web.n.svc.cluster.local", "A", []],
  ["_http._udp.web.n.svc.cluster.local", "SRV", undefined],
  ["db.n.svc.cluster.local", "A", ["10.1.0.1", "10.1.0.2"]],
  ["db-0.db.n.svc.cluster.local", "A", ["10.1.0.1"]],
  ["10-1-0-2.db.n.svc.cluster.local", "A", ["10.1.0.2"]],
  ["db-9.db.n.svc.cluster.local", "A", undefined],
  [
    "_sql._tcp.db.n.svc.cluster.local",
    "SRV",
    [
      "db-0.db.n.svc.cluster.local:5433",
      "10-1-0-2.db.n.svc.cluster.local:5433",
      "10-1-0-3.db.n.svc.cluster.local:5433",
    ],
  ],
  ["early.n.svc.cluster.local", "A", ["10.1.0.1", "10.1.0.2", "10.1.0.3"]],
  ["empty.n.svc.cluster.local", "A", undefined],
  ["alias.n.svc.cluster.local", "A", ["web.n.svc.cluster.local"]],
  ["10-1-0-7.n.pod.cluster.local", "A", ["10.1.0.7"]],
  ["ten.n.pod.cluster.local", "A", undefined],
  ["n.svc.cluster.local", "A", []],
  ["other.svc.cluster.local", "A", undefined],
  ["svc.cluster.local", "A", []],
  ["cluster.local", "A", []],
  ["nonsense.cluster.local", "A", undefined],
  ["dual.n.svc.cluster.local", "A", ["10.0.0.2"]],
  ["dual.n.svc.cluster.local", "AAAA", ["fd00::2"]],
  ["db6.n.svc.cluster.local", "AAAA", ["fd01::7"]],
  ["db6.n.svc.cluster.local", "A", []],
  ["fd01--7.db6.n.svc.cluster.local", "AAAA", ["fd01::7"]],
  ["fd01--7.n.pod.cluster.local", "AAAA", ["fd01::7"]],
  ["fd01--7.n.pod.cluster.local", "A", []],
  [`2.${"0.".repeat(27)}0.0.d.f.ip6.arpa`, "PTR", ["dual.n.svc.cluster.local"]],
  ["1.0.0.10.in-addr.arpa", "PTR", ["web.n.svc.cluster.local"]],
  ["1.0.0.10.in-addr.arpa", "A", []],
];

for (const [name, type, expected] of cases)
  test(`${type} ${name}`, () => {
    const result = lookup(zone, name, type);
    const shown = result.found
      ? result.records.map((record) =>
          record.type === "A" || record.type === "AAAA"
            ? record.address
            : record.type === "SRV"
              ? `${record.target}:${record.port}`
              : record.target,
        )
      : undefined;
    assert.deepEqual(shown, expected);
  });

test("only the cluster's names and addresses are answered here", () => {
  const ours = ["cluster.local", "x.cluster.local", "1.0.0.10.in-addr.arpa"];
  const others = ["example.org", "notcluster.local", "9.9.9.9.in-addr.arpa", ""];
  assert.deepEqual(
    ours.map((name) => isOurs(zone, name)),
    [true, true, true],
  );
  assert.deepEqual(
    others.map((name) => isOurs(zone, name)),
    [false, false, false, false],
  );
});
