/** The parts of images that are made byte by byte. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FileTree } from "../src/storage/oci/file-tree.ts";
import { elfNeeds } from "./elf/needed.ts";
import { packCpio } from "./guest/cpio.ts";
import { pauseProgram } from "./pause/elf.ts";

test("pause is a static program of less than a kilobyte", () => {
  const program = pauseProgram();
  assert.ok(program.length < 1024);
  assert.deepEqual(elfNeeds(program), { interpreter: undefined, libraries: [], runPath: [] });
});

test("a dynamic program's loader and libraries are read from the file", async () => {
  const needs = elfNeeds(await readFile("/bin/sh"));
  assert.equal(needs?.interpreter, "/lib64/ld-linux-x86-64.so.2");
  assert.ok(needs?.libraries.includes("libc.so.6"));
});

test("a program of 32-bit words is read too", () => {
  assert.deepEqual(elfNeeds(narrowProgram()), {
    interpreter: "/lib/ld-linux.so.2",
    libraries: ["libc.so.6"],
    runPath: ["/opt"],
  });
});

/** Headers | dynamic section | strings, loaded at 0x1000. */
function narrowProgram(): Buffer {
  const strings = "\0libc.so.6\0/opt\0/lib/ld-linux.so.2\0";
  const [dynamicAt, stringsAt, base] = [148, 188, 0x1000];
  const file = Buffer.concat([Buffer.alloc(stringsAt), Buffer.from(strings, "latin1")]);
  const put = (at: number, ...words: number[]): void =>
    words.forEach((word, index) => file.writeUInt32LE(word, at + 4 * index));
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
  put(28, 52);
  file.writeUInt16LE(32, 42);
  file.writeUInt16LE(3, 44);
  put(52, 1, 0, base, base, file.length);
  put(84, 2, dynamicAt, base + dynamicAt, 0, 40);
  put(116, 3, stringsAt + 16, base + stringsAt + 16, 0, 19);
  put(dynamicAt, 1, 1, 29, 11, 5, base + stringsAt, 0, 0);
  return file;
}

test("what is no ELF file needs nothing", () => {
  assert.equal(elfNeeds(Buffer.from("#!/bin/sh\n")), undefined);
});

test("an initramfs is made of aligned members and a trailer", () => {
  const tree = new FileTree().file("/init", "abc", { mode: 0o755 }).symlink("/bin", "usr/bin");
  const archive = packCpio(tree.entries());
  const members: [string, string, string][] = [];
  for (let at = 0; at < archive.length; ) {
    assert.equal(archive.toString("latin1", at, at + 6), "070701");
    const field = (index: number): number =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const name = archive.toString("latin1", at + 110, at + 110 + field(11) - 1);
    const start = (at + 110 + field(11) + 3) & ~3;
    members.push([name, field(1).toString(8), archive.toString("latin1", start, start + field(6))]);
    at = (start + field(6) + 3) & ~3;
  }
  assert.deepEqual(members, [
    ["bin", "120777", "usr/bin"],
    ["init", "100755", "abc"],
    ["TRAILER!!!", "0", ""],
  ]);
});
