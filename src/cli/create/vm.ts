import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { toYaml } from "../../base/yaml.ts";
import { examples, type GlobalOptions } from "../program.ts";
import { defaultMemory, renderVm, type VmOptions } from "./render-vm.ts";
import { collect, parseBoolean, parseCount, randomName } from "./words.ts";

type Flags = Partial<VmOptions> & { passwordFile?: string };

export function defineVm(parent: Command): void {
  const command = parent
    .command("vm")
    .summary("Print the manifest of a VirtualMachine")
    .description("Print the manifest of a VirtualMachine.")
    .option("--name <name>", "its name (default: a random one)")
    .option("--run-strategy <strategy>", "when it runs", "Always")
    .option("--termination-grace-period <seconds>", "how long it may take to shut down", parseCount, 180)
    .option("--memory <quantity>", `the guest's memory, without an instance type (default: ${defaultMemory})`)
    .option("--instancetype <name>", "the instance type that it is made of; also kind/name")
    .option("--infer-instancetype [boolean]", "infer it from the boot volume (default: where that tells)", parseBoolean)
    .option("--infer-instancetype-from <volume>", "infer it from this volume")
    .option("--preference <name>", "the preference that it is made of; also kind/name")
    .option("--infer-preference [boolean]", "infer it from the boot volume (default: where that tells)", parseBoolean)
    .option("--infer-preference-from <volume>", "infer it from this volume")
    .option("--volume-containerdisk <src:IMAGE,...>", "a disk from a container image; also name:, bootorder:", collect)
    .option("--volume-pvc <src:NAME,...>", "a PersistentVolumeClaim; also name:, bootorder:", collect)
    .option(
      "--volume-import <type:TYPE,...>",
      "a new claim, filled; types blank (size:), http, s3, registry (url:), pvc, snapshot, ds (src:)",
      collect,
    )
    .option("--volume-sysprep <src:NAME,...>", "answers for Windows' setup; also type: configMap (default) or secret")
    .option("--user <name>", "who may log in")
    .option("--password-file <file>", "the user's password")
    .option("--ssh-key <key>", "a public key of the user's", collect)
    .option("--ga-manage-ssh", "let the guest's agent write SSH keys, where SELinux guards them")
    .option(
      "--access-cred <src:SECRET,...>",
      "who may log in, by a Secret; also type: ssh or password, method: ga, nocloud or configdrive, user:",
      collect,
    )
    .option("--cloud-init <kind>", "noCloud, configDrive or none", "noCloud")
    .option("--cloud-init-user-data <base64>", "what cloud-init is told")
    .option("--cloud-init-network-data <base64>", "what cloud-init is told of the network")
    .action((flags: Flags) => printVm(command, flags));
  examples(
    command,
    [
      "A small Debian machine",
      "vmpod create vm --name web --instancetype u1.small --preference debian \\\n    --volume-containerdisk src:localhost/vmpod/guest:latest | kubectl apply -f -",
    ],
    ["From a claim, as large as its labels say", "vmpod create vm --volume-pvc src:disk --infer-instancetype"],
  );
}

async function printVm(command: Command, { passwordFile, ...flags }: Flags): Promise<void> {
  const { namespace } = command.optsWithGlobals<GlobalOptions>();
  const password = passwordFile === undefined ? undefined : (await readFile(passwordFile, "utf8")).trimEnd();
  const vm = renderVm({
    runStrategy: "Always",
    terminationGracePeriod: 180,
    ...flags,
    name: flags.name ?? randomName("vm"),
    namespace,
    ...(password && { password }),
  });
  process.stdout.write(toYaml(vm));
}
