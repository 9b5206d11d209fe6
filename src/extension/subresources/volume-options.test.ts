import assert from "node:assert/strict";
import { test } from "node:test";
import { addedVolume, removedVolume } from "./volume-options.ts";

const complete = {
  name: "data",
  disk: { disk: { bus: "virtio" } },
  volumeSource: { persistentVolumeClaim: { claimName: "claim", hotpluggable: false } },
};

test("what is asked for", () => {
  assert.deepEqual(addedVolume(complete), {
    name: "data",
    disk: { disk: { bus: "virtio" } },
    source: { claimName: "claim" },
  });
  assert.equal(removedVolume({ name: "data" }), "data");
});

const wrong: [what: string, change: object | undefined, says: RegExp][] = [
  ["no name", { name: undefined }, /^AddVolumeOptions requires name to be set$/],
  ["an empty name", { name: "" }, /requires name to be set/],
  ["a number", { name: 3 }, /^name: 3 must be a text/],
  ["no disk", { disk: null }, /^AddVolumeOptions requires disk to not be nil$/],
  ["a disk that is none", { disk: "scsi" }, /^disk: "scsi" must be an object/],
  ["no source", { volumeSource: undefined }, /^AddVolumeOptions requires VolumeSource to not be nil$/],
  ["an empty source", { volumeSource: {} }, /to name a persistentVolumeClaim/],
  ["a claim without a name", { volumeSource: { persistentVolumeClaim: {} } }, /claimName: name the claim/],
  ["a DataVolume", { volumeSource: { dataVolume: { name: "a" } } }, /DataVolumes are not available yet/],
];

for (const [what, change, says] of wrong)
  test(`a bad request: ${what}`, () => {
    assert.throws(() => addedVolume({ ...complete, ...change }), { code: 400, message: says });
  });

test("a request without a body asks for nothing", () => {
  assert.throws(() => addedVolume(undefined), { code: 400 });
  assert.throws(() => removedVolume(undefined), {
    code: 400,
    message: "RemoveVolumeOptions requires name to be set",
  });
});
