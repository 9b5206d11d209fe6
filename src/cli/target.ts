import type { Machine, MachineKind } from "./subresource.ts";

const kinds: Record<string, MachineKind> = {
  vm: "vm",
  vms: "vm",
  virtualmachine: "vm",
  virtualmachines: "vm",
  vmi: "vmi",
  vmis: "vmi",
  virtualmachineinstance: "vmi",
  virtualmachineinstances: "vmi",
};

/** @throws Error for anything that is neither a VirtualMachine nor a VirtualMachineInstance */
export function parseKind(text: string): MachineKind {
  const kind = kinds[text.toLowerCase()];
  if (!kind) throw new Error(`unsupported resource type ${JSON.stringify(text)}: use vm or vmi`);
  return kind;
}

/** Parses `[type/]name[/namespace]`; without a type it is `defaultKind`. */
export function parseTarget(text: string, namespace: string, defaultKind: MachineKind = "vmi"): Machine {
  const parts = text.split("/");
  if (parts.length > 3 || parts.some((part) => part === "")) {
    throw new Error(`target ${JSON.stringify(text)} is not of the form type/name[/namespace], e.g. vm/web`);
  }
  if (parts.length === 1) return { kind: defaultKind, name: text, namespace };
  const [kind = "", name = "", ownNamespace] = parts;
  return { kind: parseKind(kind), name, namespace: ownNamespace ?? namespace };
}
