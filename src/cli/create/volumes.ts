/** The volumes that `create vm` is told, each with the template of the DataVolume that fills it, if one does. Pure. */
import type { VirtualMachine, Volume } from "../../../api/kubevirt/types.ts";
import { parseBootOrder, parseWords } from "./words.ts";

type DataVolumeTemplate = NonNullable<VirtualMachine["spec"]["dataVolumeTemplates"]>[number];

export interface VolumeOptions {
  volumeContainerdisk?: readonly string[];
  volumePvc?: readonly string[];
  volumeImport?: readonly string[];
  volumeSysprep?: string;
}

export interface NewVolume {
  volume: Volume;
  bootOrder: number | undefined;
  /** Shown as a cdrom, not as a disk. */
  isCdrom?: boolean;
  /** Of the DataVolume that is to be made. */
  template?: DataVolumeTemplate;
}

/** In the order in which the guest is to see them. */
export function newVolumes(vmName: string, options: VolumeOptions): NewVolume[] {
  return [
    ...(options.volumeContainerdisk ?? []).map((text, index) => containerDisk(vmName, text, index)),
    ...(options.volumePvc ?? []).map(claim),
    ...(options.volumeImport ?? []).map((text, index) => imported(vmName, text, index)),
    ...(options.volumeSysprep === undefined ? [] : [sysprep(options.volumeSysprep)]),
  ];
}

function containerDisk(vmName: string, text: string, index: number): NewVolume {
  const flag = "volume-containerdisk";
  const { src, name, bootorder } = parseWords(flag, text, ["src", "name", "bootorder"]);
  if (src === undefined) throw new Error(`--${flag}: src:IMAGE is missing`);
  return {
    volume: { name: name ?? `${vmName}-containerdisk-${index}`, containerDisk: { image: src } },
    bootOrder: parseBootOrder(flag, bootorder),
  };
}

function claim(text: string): NewVolume {
  const flag = "volume-pvc";
  const { src, name, bootorder } = parseWords(flag, text, ["src", "name", "bootorder"]);
  if (src === undefined || src.includes("/"))
    throw new Error(`--${flag}: src:NAME of a PersistentVolumeClaim in the machine's namespace is missing`);
  return {
    volume: { name: name ?? src, persistentVolumeClaim: { claimName: src } },
    bootOrder: parseBootOrder(flag, bootorder),
  };
}

function sysprep(text: string): NewVolume {
  const flag = "volume-sysprep";
  const { src, type = "configMap" } = parseWords(flag, text, ["src", "type"]);
  if (src === undefined || src.includes("/"))
    throw new Error(`--${flag}: src:NAME of a ConfigMap or Secret in the machine's namespace is missing`);
  const kind = (["configMap", "secret"] as const).find((each) => each.toLowerCase() === type.toLowerCase());
  if (kind === undefined) throw new Error(`--${flag}: type:${type} is neither configMap nor secret`);
  return { volume: { name: "sysprepdisk", sysprep: { [kind]: { name: src } } }, bootOrder: undefined, isCdrom: true };
}

const importWords = ["type", "size", "url", "src", "name", "bootorder", "secretref", "storageclass"] as const;
type ImportWords = Partial<Record<(typeof importWords)[number], string>>;
type Source = Pick<DataVolumeTemplate["spec"], "source" | "sourceRef">;

function imported(vmName: string, text: string, index: number): NewVolume {
  const flag = "volume-import";
  const words = parseWords(flag, text, importWords);
  const type = words.type ?? "";
  const source = sources[type];
  if (source === undefined) throw new Error(`--${flag}: type:${type} is none of ${Object.keys(sources).join(", ")}`);
  const name = words.name ?? `${vmName}-imported-volume-${index}`;
  return {
    volume: { name, dataVolume: { name } },
    bootOrder: parseBootOrder(flag, words.bootorder),
    template: { metadata: { name }, spec: { ...source(words), storage: storageOf(words) } },
  };
}

const sources: Readonly<Record<string, (words: ImportWords) => Source>> = {
  blank: (words) => {
    required(words, "size");
    return { source: { blank: {} } };
  },
  http: (words) => ({ source: { http: { url: required(words, "url"), ...secret(words) } } }),
  registry: (words) => ({ source: { registry: { url: required(words, "url"), ...secret(words) } } }),
  s3: (words) => ({ source: { s3: { url: required(words, "url"), ...secret(words) } } }),
  pvc: (words) => ({ source: { pvc: qualified(words) } }),
  snapshot: (words) => ({ source: { snapshot: qualified(words) } }),
  ds: (words) => ({ sourceRef: { kind: "DataSource", ...named(required(words, "src")) } }),
};

function required(words: ImportWords, word: keyof ImportWords): string {
  const value = words[word];
  if (value === undefined) throw new Error(`--volume-import: type:${words.type} needs ${word}:VALUE`);
  return value;
}

function secret({ secretref }: ImportWords): { secretRef?: string } {
  return secretref === undefined ? {} : { secretRef: secretref };
}

/** `[namespace/]name`. */
function named(text: string): { name: string; namespace?: string } {
  const [first = "", second] = text.split("/");
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

function qualified(words: ImportWords): { name: string; namespace: string } {
  const { name, namespace } = named(required(words, "src"));
  if (namespace === undefined) throw new Error(`--volume-import: type:${words.type} needs src:NAMESPACE/NAME`);
  return { name, namespace };
}

function storageOf({ size, storageclass }: ImportWords): DataVolumeTemplate["spec"]["storage"] {
  return {
    ...(size && { resources: { requests: { storage: size } } }),
    ...(storageclass && { storageClassName: storageclass }),
  };
}
