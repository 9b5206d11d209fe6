import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { sampleVmi } from "../../../../api/kubevirt/sample.ts";
import { undisturbed } from "../../migration/observation.fixture.ts";
import { renderTargetPod } from "../../migration/target-pod.ts";
import { renderLauncherPod } from "./pod.ts";
import { withLevelOf } from "./pod-security.ts";

const type = "virt_launcher.process";
const configuration = { ...defaultConfiguration, selinuxLauncherType: type };
const context = { ...undisturbed, launcherImage: "launcher", imageVolumes: false, configuration };
const selinuxContext = `system_u:system_r:${type}:s0:c1,c2`;

function targetOf(change: Partial<typeof configuration>) {
  const vmi = sampleVmi((each) => {
    each.status = { phase: "Running", selinuxContext };
  });
  const migration = { metadata: { name: "move", uid: "m" }, spec: { vmiName: "a" } };
  const all = { ...context, configuration: { ...configuration, ...change } };
  return renderTargetPod(vmi, migration, all).spec?.securityContext?.seLinuxOptions;
}

test("the launcher has the SELinux type of the configuration, for all of its containers", () => {
  const { spec } = renderLauncherPod(sampleVmi(), { ...context, accelerator: "tcg" });
  assert.deepEqual(spec?.securityContext?.seLinuxOptions, { type });
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  assert.ok(containers.length > 1);
  for (const { name, securityContext } of containers) assert.equal(securityContext?.seLinuxOptions, undefined, name);
  const usual = renderLauncherPod(sampleVmi(), { ...context, configuration: defaultConfiguration, accelerator: "tcg" });
  assert.equal(usual.spec?.securityContext?.seLinuxOptions, undefined);
});

test("a target pod has the level of its source, unless the configuration wants it otherwise", () => {
  assert.deepEqual(targetOf({}), { type, level: "s0:c1,c2" });
  assert.deepEqual(targetOf({ selinuxLauncherType: undefined }), { level: "s0:c1,c2" });
  assert.deepEqual(targetOf({ matchSelinuxLevels: false }), { type });
});

test("where there is no SELinux there is no level", () => {
  for (const without of [undefined, "", "none"])
    assert.deepEqual(withLevelOf({ runAsUser: 1 }, without), { runAsUser: 1 });
});
