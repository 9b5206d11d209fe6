/** The VirtualMachine that the flags of `create vm` describe. Pure. */
import type { Matcher } from "../../../api/kubevirt/instancetype/specs.ts";
import type { VirtualMachine, Volume } from "../../../api/kubevirt/types.ts";
import { isRunStrategy, runStrategies } from "../../../api/kubevirt/run-strategy.ts";
import { accessCredential } from "./access-credentials.ts";
import { cloudInitVolume, type CloudInitOptions } from "./cloud-init.ts";
import { type NewVolume, newVolumes, type VolumeOptions } from "./volumes.ts";
import { parseMatcher } from "./words.ts";

export interface VmOptions extends VolumeOptions, CloudInitOptions {
  name: string;
  namespace?: string | undefined;
  runStrategy: string;
  terminationGracePeriod: number;
  /** Only when it was said. */
  memory?: string;
  instancetype?: string;
  inferInstancetype?: boolean;
  inferInstancetypeFrom?: string;
  preference?: string;
  inferPreference?: boolean;
  inferPreferenceFrom?: string;
  accessCred?: readonly string[];
}

export const defaultMemory = "512Mi";

export function renderVm(options: VmOptions): VirtualMachine {
  const { name, namespace, runStrategy, memory } = options;
  if (!isRunStrategy(runStrategy))
    throw new Error(`--run-strategy: ${JSON.stringify(runStrategy)} is none of ${runStrategies.join(", ")}`);
  const volumes = newVolumes(name, options);
  const instancetype = instancetypeOf(options, volumes);
  const preference = matcherOf("preference", options.preference, inferredPreference(options, volumes));
  // An instance type that nobody may find needs memory to fall back on.
  const isSure = instancetype !== undefined && instancetype.inferFromVolumeFailurePolicy !== "Ignore";
  const cloudInit = cloudInitVolume(options);
  const accessCredentials = (options.accessCred ?? []).map((text) => accessCredential(text, options.user));
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name, ...(namespace && { namespace }) },
    spec: {
      runStrategy,
      ...(instancetype && { instancetype }),
      ...(preference && { preference }),
      ...dataVolumeTemplates(volumes),
      template: {
        spec: {
          terminationGracePeriodSeconds: options.terminationGracePeriod,
          domain: {
            devices: disksOf(volumes),
            ...(!isSure && { memory: { guest: memory ?? defaultMemory } }),
          },
          ...(accessCredentials.length > 0 && { accessCredentials }),
          ...volumesOf([...volumes.map(({ volume }) => volume), ...(cloudInit ? [cloudInit] : [])]),
        },
      },
    },
  };
}

function volumesOf(volumes: Volume[]): { volumes?: Volume[] } {
  return volumes.length > 0 ? { volumes } : {};
}

/** Only those that say their order, or are no disks: the others get their disks from the preference. */
function disksOf(volumes: readonly NewVolume[]): VirtualMachine["spec"]["template"]["spec"]["domain"]["devices"] {
  const told = volumes.filter(({ bootOrder, isCdrom }) => bootOrder !== undefined || isCdrom);
  const disks = told.map(({ volume: { name }, bootOrder, isCdrom }) =>
    isCdrom ? { name, cdrom: { bus: "sata" } } : { name, bootOrder, disk: {} },
  );
  return disks.length > 0 ? { disks } : {};
}

function dataVolumeTemplates(volumes: readonly NewVolume[]): Pick<VirtualMachine["spec"], "dataVolumeTemplates"> {
  const templates = volumes.flatMap(({ template }) => template ?? []);
  return templates.length > 0 ? { dataVolumeTemplates: templates } : {};
}

interface Inference {
  what: "instancetype" | "preference";
  isAsked: boolean | undefined;
  from: string | undefined;
}

/** Memory that was said, and an instance type, are one too many. */
function instancetypeOf(options: VmOptions, volumes: readonly NewVolume[]): Matcher | undefined {
  const { instancetype, memory, inferInstancetype: isAsked, inferInstancetypeFrom: from } = options;
  if (instancetype !== undefined && memory !== undefined)
    throw new Error("--memory and --instancetype exclude each other: an instance type says how much memory there is");
  if (memory !== undefined && !isAsked && from === undefined) return undefined;
  const inference: Inference = { what: "instancetype", isAsked, from };
  return matcherOf("instancetype", instancetype, instancetype === undefined ? infer(inference, volumes) : undefined);
}

function inferredPreference(options: VmOptions, volumes: readonly NewVolume[]): Matcher | undefined {
  if (options.preference !== undefined) return undefined;
  const { inferPreference: isAsked, inferPreferenceFrom: from } = options;
  return infer({ what: "preference", isAsked, from }, volumes);
}

function matcherOf(flag: string, named: string | undefined, inferred: Matcher | undefined): Matcher | undefined {
  return named === undefined ? inferred : parseMatcher(flag, named);
}

/** Who asks for it wants it to succeed; else it is worth a try. */
function infer({ what, isAsked, from }: Inference, volumes: readonly NewVolume[]): Matcher | undefined {
  if (isAsked === false && from === undefined) return undefined;
  const volume = from === undefined ? bootVolume(volumes) : volumes.find((each) => each.volume.name === from)?.volume;
  const isTelling = volume?.persistentVolumeClaim !== undefined || volume?.dataVolume !== undefined;
  const isWanted = isAsked === true || from !== undefined;
  if (isTelling) return { inferFromVolume: volume.name, ...(!isWanted && { inferFromVolumeFailurePolicy: "Ignore" }) };
  if (!isWanted) return undefined;
  const flag = from === undefined ? `--infer-${what}` : `--infer-${what}-from ${from}`;
  throw new Error(`${flag}: there is no such volume of a claim or import to infer from`);
}

function bootVolume(volumes: readonly NewVolume[]): Volume | undefined {
  const last = Number.POSITIVE_INFINITY;
  const [first] = volumes.toSorted((one, other) => (one.bootOrder ?? last) - (other.bootOrder ?? last) || 0);
  return first?.volume;
}
