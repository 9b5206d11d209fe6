import assert from "node:assert/strict";
import { test } from "node:test";
import { type Choices, readChoices, renderChoices, settingsFrom } from "./choices.ts";
import { defaultTag } from "./image-names.ts";

test("images are named by registry and tag, or as a whole", () => {
  const images = (choices: Choices) => {
    const { vmpodImage, launcherImage } = settingsFrom(choices);
    return [vmpodImage, launcherImage];
  };
  assert.deepEqual(images({}), [`localhost/vmpod/vmpod:${defaultTag}`, `localhost/vmpod/launcher:${defaultTag}`]);
  assert.deepEqual(images({ registry: "r.example.org/a", tag: "v2" }), [
    "r.example.org/a/vmpod:v2",
    "r.example.org/a/launcher:v2",
  ]);
  const launcherImage = `r.example.org/qemu@sha256:${"0".repeat(64)}`;
  assert.deepEqual(images({ tag: "v2", launcherImage }), ["localhost/vmpod/vmpod:v2", launcherImage]);
});

const impossible: [choices: object, message: RegExp][] = [
  [{ imagePullPolicy: "Sometimes" }, /image pull policy "Sometimes": must be Always, IfNotPresent or Never/],
  [{ logLevel: "loud" }, /log level "loud": must be trace, debug, info, warn or error/],
  [{ replicas: 0 }, /replicas 0: must be 1 to 9/],
  [{ replicas: 1.5 }, /replicas 1\.5/],
  [{ kubeletRoot: "var/lib" }, /kubelet root "var\/lib": must be an absolute path/],
  [{ kubeletRoot: "/var/../etc, x" }, /kubelet root/],
  [{ tag: "a b" }, /tag "a b"/],
  [{ vmpodImage: "vmpod" }, /image "vmpod": must be HOST\/NAME:TAG/],
];

for (const [choices, message] of impossible) {
  test(`${JSON.stringify(choices)} is refused`, () => {
    assert.throws(() => settingsFrom(choices), message);
  });
}

test("a namespace is a DNS label", () => {
  assert.equal(settingsFrom({}, "machines").namespace, "machines");
  assert.throws(() => settingsFrom({}, "Machines"), /namespace "Machines": must be a lower-case DNS label/);
});

test("choices are kept in the cluster as they were made", () => {
  const choices: Choices = { registry: "r.example.org", replicas: 1, nodeSelector: { machines: "yes" } };
  assert.deepEqual(readChoices(renderChoices(choices, "vmpod")), choices);
  assert.deepEqual(readChoices(undefined), {});
});
