/**
 * The roles that people get for virtual machines, as KubeVirt and CDI install them. admin, edit and view of a cluster are made of
 * them too. Migrating is nobody's but who is given `kubevirt.io:migrate`: it moves load between nodes, which is no matter of a
 * namespace.
 */
import { read, rule, write } from "../policy-rules.ts";
import type { PolicyRule } from "../rbac.ts";

export interface VirtualMachineRole {
  rules: readonly PolicyRule[];
  labels?: Readonly<Record<string, string>>;
}

const subresources = "subresources.kubevirt.io";
const instanceReads =
  "virtualmachineinstances/console virtualmachineinstances/vnc virtualmachineinstances/vnc/screenshot virtualmachineinstances/portforward virtualmachineinstances/guestosinfo virtualmachineinstances/filesystemlist virtualmachineinstances/userlist virtualmachineinstances/objectgraph virtualmachineinstances/sev/fetchcertchain virtualmachineinstances/sev/querylaunchmeasurement virtualmachineinstances/usbredir";
const instanceWrites =
  "virtualmachineinstances/pause virtualmachineinstances/unpause virtualmachineinstances/addvolume virtualmachineinstances/removevolume virtualmachineinstances/freeze virtualmachineinstances/unfreeze virtualmachineinstances/softreboot virtualmachineinstances/reset virtualmachineinstances/sev/setupsession virtualmachineinstances/sev/injectlaunchsecret";
const machineWrites =
  "virtualmachines/start virtualmachines/stop virtualmachines/restart virtualmachines/addvolume virtualmachines/removevolume virtualmachines/memorydump virtualmachines/removememorydump virtualmachines/addinterface virtualmachines/removeinterface";
/** vmpod's own. An aggregator takes opening a websocket for `get`, the extension behind it for what it is. */
const instancePrograms = "virtualmachineinstances/exec virtualmachineinstances/file";
const machineReads = "virtualmachines/expand-spec virtualmachines/objectgraph virtualmachines/portforward";
const kinds = "virtualmachines virtualmachineinstances virtualmachineinstancepresets virtualmachineinstancereplicasets";

const related: readonly [group: string, resources: string][] = [
  ["snapshot.kubevirt.io", "virtualmachinesnapshots virtualmachinesnapshotcontents virtualmachinerestores"],
  ["export.kubevirt.io", "virtualmachineexports"],
  ["clone.kubevirt.io", "virtualmachineclones"],
  [
    "instancetype.kubevirt.io",
    "virtualmachineinstancetypes virtualmachineclusterinstancetypes virtualmachinepreferences virtualmachineclusterpreferences",
  ],
  ["pool.kubevirt.io", "virtualmachinepools"],
  ["backup.kubevirt.io", "virtualmachinebackups virtualmachinebackuptrackers"],
  [
    "cdi.kubevirt.io",
    "datavolumes dataimportcrons datasources volumeimportsources volumeuploadsources volumeclonesources",
  ],
];

function label(role: string): Record<string, string> {
  return { [`rbac.authorization.k8s.io/aggregate-to-${role}`]: "true" };
}

const changing = [
  rule(subresources, instanceReads, ["get"]),
  rule(subresources, `${instanceWrites} ${machineWrites}`, ["update"]),
  rule(subresources, instancePrograms, ["get", "create"]),
  rule(subresources, machineReads, ["get"]),
  rule(subresources, "expand-vm-spec", ["update"]),
  rule("kubevirt.io", kinds, [...read, ...write]),
  ...related.map(([group, resources]) => rule(group, resources, [...read, ...write])),
];

const migrationReads = [
  rule("kubevirt.io", "virtualmachineinstancemigrations", read),
  rule("migrations.kubevirt.io", "migrationpolicies", read),
];

export const virtualMachineRoles: Readonly<Record<string, VirtualMachineRole>> = {
  "kubevirt.io:admin": { labels: label("admin"), rules: [...changing, ...migrationReads] },
  "kubevirt.io:edit": { labels: label("edit"), rules: [...changing, ...migrationReads] },
  "kubevirt.io:view": {
    labels: label("view"),
    rules: [
      rule(
        subresources,
        "virtualmachineinstances/guestosinfo virtualmachineinstances/filesystemlist virtualmachineinstances/userlist virtualmachineinstances/objectgraph virtualmachines/expand-spec virtualmachines/objectgraph",
        ["get"],
      ),
      rule(subresources, "expand-vm-spec", ["update"]),
      rule("kubevirt.io", `${kinds} kubevirts`, read),
      ...related.map(([group, resources]) => rule(group, resources, read)),
      ...migrationReads,
    ],
  },
  "kubevirt.io:migrate": {
    rules: [
      rule("kubevirt.io", "virtualmachineinstancemigrations", [...read, ...write]),
      rule(
        subresources,
        "virtualmachines/migrate virtualmachines/evacuate/cancel virtualmachineinstances/evacuate/cancel",
        ["update"],
      ),
    ],
  },
  "kubevirt.io:default": {
    rules: [
      rule(subresources, "version guestfs healthz", ["get", "list"]),
      rule("kubevirt.io", "kubevirts", ["get", "list"]),
    ],
  },
  "instancetype.kubevirt.io:view": {
    rules: [
      rule("instancetype.kubevirt.io", "virtualmachineclusterinstancetypes virtualmachineclusterpreferences", read),
    ],
  },
};

/** The roles that whoever has logged in has everywhere. */
export const everybodysRoles: readonly string[] = ["kubevirt.io:default", "instancetype.kubevirt.io:view"];
