import assert from "node:assert/strict";
import { test } from "node:test";
import { installationProblems } from "./installation-settings.ts";

test("the resource that KubeVirt ships is honoured as a whole", () => {
  const spec = {
    certificateRotateStrategy: {},
    configuration: { developerConfiguration: { featureGates: [] } },
    customizeComponents: {},
    imagePullPolicy: "IfNotPresent",
    workloadUpdateStrategy: {},
  };
  assert.deepEqual(installationProblems({ spec }), []);
});

test("what is said of the installation is named, with who decides it", () => {
  const spec = {
    infra: { replicas: 3 },
    imageTag: "v1.6.0",
    uninstallStrategy: "RemoveWorkloads",
    productName: "mine",
  };
  assert.deepEqual(installationProblems({ spec }), [
    'spec.infra {"replicas":3} is not honoured: remove it, and say it to `vmpod install` (--replicas)',
    'spec.imageTag "v1.6.0" is not honoured: remove it, and say it to `vmpod install` (--tag)',
    'spec.uninstallStrategy "RemoveWorkloads" is not honoured: remove it: `vmpod uninstall` refuses as long as there are machines, unless it is told to delete them (--with-machines)',
  ]);
});
