/** The test files that rows name most. */
export const strategies = "test/embedded/run-strategies.test.ts";
export const commands = "test/embedded/commands.test.ts";
export const bootFailure = "test/embedded/boot-failure.test.ts";
export const confinement = "test/embedded/confinement.test.ts";
export const crash = "test/embedded/crash.test.ts";
export const density = "test/embedded/density.test.ts";
export const demo = "test/embedded/demo.test.ts";
export const nodeAgent = "test/node-agent/lifecycle.test.ts";
export const network = "test/node-agent/network.test.ts";
export const copiedDisks = "test/node-agent/copied-disks.test.ts";
export const cli = "test/cli/guest.test.ts";
export const qemu = "test/qemu/guest.test.ts";
export const migration = "test/migration/migration.test.ts";
export const vmLifecycle = "test/vm-api/lifecycle.test.ts";
export const vmApi = "test/vm-api/vm-api.test.ts";
export const instancetypes = "test/vm-api/instancetypes.test.ts";
export const launcherPod = "src/controllers/virtualmachineinstance/launcher/pod.test.ts";
export const hyperv = "src/controllers/virtualmachineinstance/launcher/hyperv.test.ts";
export const extension = "test/extension/server.test.ts";
export const installation = "test/install/install.test.ts";
export const sees = "test/embedded/what-guests-see.test.ts";
export const rich =
  "processors, model and features, SMBIOS, inputs, randomness, DHCP options, Ignition, files of a ConfigMap and a Secret";
export const tinyGuest = "test/embedded/tiny-guest.test.ts";
