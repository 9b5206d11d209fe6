import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../../base/errors.ts";
import { parseCopy } from "../commands/cp.ts";
import { endOf } from "../guest-command.ts";
import { progressLine } from "./progress.ts";
import { nameOf } from "./transfer.ts";
import { refuseSpecialFiles } from "./trees.ts";

test("one side of a copy is a guest's", () => {
  const machine = (name: string, namespace = "ns") => ({ kind: "vmi" as const, name, namespace });
  const table: [from: string, to: string, expected: object | RegExp][] = [
    ["./a:b", "vm/web:/etc/", { machine: machine("web"), from: "./a:b", to: "/etc/", direction: "there" }],
    ["vmi/web/lab:/x", ".", { machine: machine("web", "lab"), from: "/x", to: ".", direction: "here" }],
    ["web:/x", "y", { machine: machine("web"), from: "/x", to: "y", direction: "here" }],
    ["a", "b", /one side must be in a guest/],
    ["vm/a:/x", "vm/b:/x", /one side must be in a guest/],
    ["a", "root@vm/web:/x", /leave the user out/],
    ["a", "vm/web:x", /"x": the path in the guest must be absolute/],
    ["a", "pod/web:/x", /unsupported resource type "pod"/],
  ];
  for (const [from, to, expected] of table) {
    if (expected instanceof RegExp) assert.throws(() => parseCopy([from, to], "ns"), expected, from);
    else assert.deepEqual(parseCopy([from, to], "ns"), expected);
  }
});

test("a guest's name for a file does not lead out of the directory", () => {
  assert.equal(nameOf("/var/log/messages"), "messages");
  assert.equal(nameOf("/var/log/"), "log");
  for (const wrong of ["/", "/var/..", "/."]) assert.throws(() => nameOf(wrong), /names no file/);
});

test("devices and pipes in what a guest packed are refused", () => {
  refuseSpecialFiles(
    "drwxr-xr-x root/root 0 ./\n-rw-r--r-- root/root 1 ./b\nlrwxrwxrwx root/root 0 ./c -> b\nhrw-r--r-- ./d link to ./b\n",
  );
  for (const kind of ["b", "c", "p"])
    assert.throws(() => refuseSpecialFiles(`-rw ./a\n${kind}rw-rw-rw- 1,3 ./null`), /null/);
});

test("progress", () => {
  const at = { name: "disk.img", totalBytes: 4 << 20, bytes: 1 << 20, seconds: 2 };
  assert.equal(progressLine(at), "disk.img 25 %  1.0 MiB  0.5 MiB/s");
  assert.equal(progressLine({ ...at, totalBytes: 0, seconds: 0 }), "disk.img  1.0 MiB  0.0 MiB/s");
});

test("the end of a program is its exit code, or why there is none", () => {
  const status = (fields: Partial<Status>): Status => ({ metadata: {}, ...fields }) as Status;
  const causes = [
    { reason: "ExitCode", message: "7" },
    { reason: "OutputTruncated", message: "cut" },
  ];
  assert.deepEqual(endOf(status({ status: "Failure", details: { causes } })), { exitCode: 7, warnings: ["cut"] });
  assert.throws(() => endOf(status({ reason: "Timeout", message: "too long" })), {
    reason: "Timeout",
    message: "too long",
  });
});
