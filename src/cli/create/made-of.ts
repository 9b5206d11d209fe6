import type { Command } from "commander";
import { toYaml } from "../../base/yaml.ts";
import { examples, type GlobalOptions } from "../program.ts";
import {
  type InstancetypeOptions,
  type PreferenceOptions,
  renderInstancetype,
  renderPreference,
} from "./render-made-of.ts";
import { collect, parseCount, randomName } from "./words.ts";

type Unnamed<T extends { name: string }> = Omit<T, "name"> & { name?: string };

export function defineInstancetype(parent: Command): void {
  const command = parent
    .command("instancetype")
    .summary("Print the manifest of an instance type")
    .description("Print the manifest of a VirtualMachineClusterInstancetype, or of a VirtualMachineInstancetype.")
    .option("--name <name>", "its name (default: a random one)")
    .option("--namespaced", "of a namespace, not of the whole cluster")
    .requiredOption("--cpu <count>", "vCPUs", parseCount)
    .requiredOption("--memory <quantity>", "the guest's memory, e.g. 2Gi")
    .option("--gpu <name:NAME,devicename:RESOURCE>", "a GPU of the node's", collect)
    .option("--hostdevice <name:NAME,devicename:RESOURCE>", "a device of the node's", collect)
    .option("--iothreadspolicy <policy>", "shared, auto or supplementalPool")
    .action((flags: Unnamed<InstancetypeOptions>) => {
      const { namespace } = command.optsWithGlobals<GlobalOptions>();
      const name = flags.name ?? randomName("instancetype");
      process.stdout.write(toYaml(renderInstancetype({ ...flags, name, namespace })));
    });
  examples(command, [
    "For everybody",
    "vmpod create instancetype --name large --cpu 8 --memory 16Gi | kubectl apply -f -",
  ]);
}

export function definePreference(parent: Command): void {
  const command = parent
    .command("preference")
    .summary("Print the manifest of a preference")
    .description("Print the manifest of a VirtualMachineClusterPreference, or of a VirtualMachinePreference.")
    .option("--name <name>", "its name (default: a random one)")
    .option("--namespaced", "of a namespace, not of the whole cluster")
    .option("--cpu-topology <topology>", "what vCPUs are: sockets, cores, threads, spread or any")
    .option("--machine-type <type>", "the machine type, e.g. q35")
    .option("--volume-storage-class <name>", "the storage class of new volumes")
    .action((flags: Unnamed<PreferenceOptions>) => {
      const { namespace } = command.optsWithGlobals<GlobalOptions>();
      const name = flags.name ?? randomName("preference");
      process.stdout.write(toYaml(renderPreference({ ...flags, name, namespace })));
    });
  examples(command, [
    "Cores, not sockets",
    "vmpod create preference --name cores --cpu-topology cores | kubectl apply -f -",
  ]);
}
