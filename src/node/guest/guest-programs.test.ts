import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { parseFileRequest } from "./copy-file.ts";
import { endOf, parseProgram } from "./run-program.ts";

test("what is to be run", () => {
  const parse = (query: string) => parseProgram(new URLSearchParams(query));
  assert.deepEqual(parse("command=ls&command=-l"), { argv: ["ls", "-l"], hasInput: false, timeoutMs: 60_000 });
  assert.deepEqual(parse("command=cat&stdin=true&timeoutSeconds=2"), {
    argv: ["cat"],
    hasInput: true,
    timeoutMs: 2000,
  });
  for (const wrong of [
    "",
    "command=",
    "command=a&timeoutSeconds=0",
    "command=a&timeoutSeconds=x",
    "command=a&tty=true",
  ])
    assert.throws(() => parse(wrong), StatusError, wrong);
});

test("which file is meant", () => {
  const parse = (query: string) => parseFileRequest(new URLSearchParams(query));
  assert.deepEqual(parse("path=/a"), { path: "/a", write: false });
  const stored = { path: "/a", write: true, name: "b", mode: "644" };
  assert.deepEqual(parse("path=/a&write=true&name=b&mode=644"), stored);
  for (const wrong of [
    "",
    "path=a",
    "path=/a%00",
    "path=/a&write=true&mode=644",
    "path=/a&write=true&name=../b&mode=644",
  ])
    assert.throws(() => parse(wrong), StatusError, wrong);
  for (const mode of ["", "8", "77777", "-1", "644;x"])
    assert.throws(() => parse(`path=/a&write=true&name=b&mode=${encodeURIComponent(mode)}`), /mode/, mode);
});

test("an end in Kubernetes' words", () => {
  const nothing = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), truncated: false, signal: undefined };
  const causes = (reasons: string[], code: string) =>
    reasons.map((reason) => ({
      reason,
      message: reason === "ExitCode" ? code : "the guest agent keeps the first 16 MiB of output",
    }));
  assert.deepEqual(endOf({ ...nothing, exitCode: 0 }), {
    status: "Success",
    details: { causes: causes(["ExitCode"], "0") },
  });
  const killed = endOf({ ...nothing, exitCode: undefined, signal: 9, truncated: true });
  assert.ok(killed instanceof StatusError);
  assert.deepEqual(
    [killed.reason, killed.details?.causes],
    ["NonZeroExitCode", causes(["ExitCode", "OutputTruncated"], "137")],
  );
});
