import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { buildIso, sectorBytes } from "./iso9660.ts";

/** Reads an image back by its Joliet tree, as guests do. */
function readIso(image: Buffer): { label: string; files: Record<string, string> } {
  const descriptor = image.subarray(17 * sectorBytes, 18 * sectorBytes);
  assert.equal(descriptor[0], 2);
  assert.equal(image.length, descriptor.readUInt32LE(80) * sectorBytes);
  assert.equal(descriptor.readUInt32LE(80), descriptor.readUInt32BE(84));
  const label = ucs2(descriptor.subarray(40, 72)).trim();
  return { label, files: readDirectory(image, descriptor.readUInt32LE(158), descriptor.readUInt32LE(166)) };
}

function readDirectory(image: Buffer, sector: number, bytes: number, path = ""): Record<string, string> {
  const files: Record<string, string> = {};
  const end = sector * sectorBytes + bytes;
  for (let at = sector * sectorBytes; at < end; ) {
    const length = image[at] ?? 0;
    if (length === 0) {
      at = (Math.floor(at / sectorBytes) + 1) * sectorBytes;
      continue;
    }
    const nameBytes = image.subarray(at + 33, at + 33 + (image[at + 32] ?? 0));
    const [extent, size] = [image.readUInt32LE(at + 2), image.readUInt32LE(at + 10)];
    const special = nameBytes.length === 1;
    const name = special ? "" : path + ucs2(nameBytes);
    if (!special && image[at + 25] === 2) Object.assign(files, readDirectory(image, extent, size, `${name}/`));
    else if (!special) files[name] = image.toString("utf8", extent * sectorBytes, extent * sectorBytes + size);
    at += length;
  }
  return files;
}

function ucs2(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString("utf16le");
}

test("files in directories come back, in their case, with their label", () => {
  const files = {
    "openstack/latest/user_data": "#cloud-config\n",
    "openstack/latest/meta_data.json": "{}",
    README: "x",
    empty: "",
  };
  assert.deepEqual(readIso(buildIso({ label: "config-2", files })), { label: "config-2", files });
});

const segment = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019.-_äß".split("")), minLength: 1, maxLength: 40 })
  .filter((each) => !/^\.+$/.test(each));
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

test("any files come back, and the same files give the same bytes", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(path, fc.string()), { maxLength: 150, selector: ([each]) => each }),
      (entries) => {
        const paths = entries.map(([each]) => each);
        const files = Object.fromEntries(
          entries.filter(([each]) => !paths.some((other) => other.startsWith(`${each}/`))),
        );
        const image = buildIso({ label: "cidata", files });
        assert.deepEqual(readIso(image).files, files);
        assert.ok(
          image.equals(buildIso({ label: "cidata", files: Object.fromEntries(Object.entries(files).reverse()) })),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test("what a medium cannot hold is refused", () => {
  assert.throws(() => buildIso({ label: "a".repeat(17), files: {} }), /at most 16 characters/);
  assert.throws(() => buildIso({ label: "x", files: { "a:b": "" } }), /"a:b"/);
  assert.throws(() => buildIso({ label: "x", files: { a: "", "a/b": "" } }), /both a file and a directory/);
});
