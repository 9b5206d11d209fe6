import type { Command } from "commander";

/** A command file: declares its arguments, options, examples and action on the given (already named) command. */
export interface CommandFile {
  define(command: Command): void;
}

export interface CommandEntry {
  name: string;
  summary: string;
  group: string;
  /** Absent: the command is wired in src/cmd; listed here for the help. */
  load?: () => Promise<CommandFile>;
}

const machines = "Virtual machines:";
const access = "Into the guest:";
const instance = "This machine's vmpod:";
const cluster = "A cluster:";
const other = "Other:";

/** Every command, in the order of the help. A command's file is loaded only when the command is used. */
export const entries: readonly CommandEntry[] = [
  { name: "up", summary: "Start vmpod on this machine", group: instance },
  { name: "down", summary: "Stop vmpod on this machine and remove its traces", group: instance },
  { name: "status", summary: "Show what runs and whether it is well", group: instance },
  { name: "doctor", summary: "Check this machine and say how to fix what is wrong", group: instance },
  {
    name: "kubeconfig",
    summary: "Print a kubeconfig for kubectl",
    group: instance,
    load: () => import("./commands/kubeconfig.ts"),
  },
  {
    name: "create",
    summary: "Print the manifest of a machine, an instance type or a preference",
    group: machines,
    load: () => import("./commands/create.ts"),
  },
  {
    name: "expand",
    summary: "Print a machine with its instance type and preference written out",
    group: machines,
    load: () => import("./commands/expand.ts"),
  },
  { name: "start", summary: "Start a virtual machine", group: machines, load: () => import("./commands/start.ts") },
  { name: "stop", summary: "Shut a virtual machine down", group: machines, load: () => import("./commands/stop.ts") },
  {
    name: "restart",
    summary: "Restart a virtual machine",
    group: machines,
    load: () => import("./commands/restart.ts"),
  },
  {
    name: "pause",
    summary: "Freeze a virtual machine in memory",
    group: machines,
    load: () => import("./commands/pause.ts"),
  },
  {
    name: "unpause",
    summary: "Let a paused machine go on",
    group: machines,
    load: () => import("./commands/unpause.ts"),
  },
  {
    name: "migrate",
    summary: "Move a running machine to another pod, without a reboot",
    group: machines,
    load: () => import("./commands/migrate.ts"),
  },
  {
    name: "migrate-cancel",
    summary: "Leave a machine that is being migrated where it is",
    group: machines,
    load: () => import("./commands/migrate-cancel.ts"),
  },
  {
    name: "evacuate-cancel",
    summary: "Let a machine stay on a node that is being emptied",
    group: machines,
    load: () => import("./commands/evacuate-cancel.ts"),
  },
  {
    name: "addvolume",
    summary: "Add a disk to a machine, also while it runs",
    group: machines,
    load: () => import("./commands/addvolume.ts"),
  },
  {
    name: "removevolume",
    summary: "Take a disk from a machine, also while it runs",
    group: machines,
    load: () => import("./commands/removevolume.ts"),
  },
  {
    name: "memory-dump",
    summary: "Write the memory of a running guest into a claim",
    group: machines,
    load: () => import("./commands/memory-dump.ts"),
  },
  {
    name: "objectgraph",
    summary: "Show what a machine depends on",
    group: machines,
    load: () => import("./commands/objectgraph.ts"),
  },
  {
    name: "soft-reboot",
    summary: "Ask the guest to reboot itself",
    group: machines,
    load: () => import("./commands/soft-reboot.ts"),
  },
  {
    name: "reset",
    summary: "Reset the machine, as its button would",
    group: machines,
    load: () => import("./commands/reset.ts"),
  },
  {
    name: "explain",
    summary: "Say why a machine is not running and what to do",
    group: machines,
    load: () => import("./commands/explain.ts"),
  },
  {
    name: "trace",
    summary: "Show what took how long when a machine started",
    group: machines,
    load: () => import("./commands/trace.ts"),
  },
  {
    name: "logs",
    summary: "Show what the guest wrote to its serial console",
    group: machines,
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "console",
    summary: "Type on the guest's serial console",
    group: access,
    load: () => import("./commands/console.ts"),
  },
  { name: "ssh", summary: "Log in to the guest by SSH", group: access, load: () => import("./commands/ssh.ts") },
  { name: "scp", summary: "Copy files from or to the guest", group: access, load: () => import("./commands/scp.ts") },
  {
    name: "exec",
    summary: "Run a program in the guest by its agent, without network",
    group: access,
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "cp",
    summary: "Copy files by the guest's agent, without network",
    group: access,
    load: () => import("./commands/cp.ts"),
  },
  { name: "vnc", summary: "See the guest's screen", group: access, load: () => import("./commands/vnc.ts") },
  {
    name: "usbredir",
    summary: "Lend the guest a USB device of this machine",
    group: access,
    load: () => import("./commands/usbredir.ts"),
  },
  {
    name: "port-forward",
    summary: "Reach a port of the guest from here",
    group: access,
    load: () => import("./commands/port-forward.ts"),
  },
  {
    name: "credentials",
    summary: "Change the guest's SSH keys and passwords",
    group: access,
    load: () => import("./commands/credentials.ts"),
  },
  {
    name: "expose",
    summary: "Make a Service for a machine",
    group: access,
    load: () => import("./commands/expose.ts"),
  },
  {
    name: "guestosinfo",
    summary: "What the guest agent says of the system",
    group: access,
    load: () => import("./commands/guestosinfo.ts"),
  },
  {
    name: "userlist",
    summary: "Who is logged in to the guest",
    group: access,
    load: () => import("./commands/userlist.ts"),
  },
  {
    name: "fslist",
    summary: "The guest's mounted file systems",
    group: access,
    load: () => import("./commands/fslist.ts"),
  },
  {
    name: "install",
    summary: "Install vmpod into a Kubernetes cluster",
    group: cluster,
    load: () => import("./commands/install.ts"),
  },
  {
    name: "upgrade",
    summary: "Bring a cluster's vmpod up to date",
    group: cluster,
    load: () => import("./commands/upgrade.ts"),
  },
  {
    name: "uninstall",
    summary: "Remove vmpod from a cluster",
    group: cluster,
    load: () => import("./commands/uninstall.ts"),
  },
  { name: "adm", summary: "Settings of vmpod itself", group: cluster, load: () => import("./commands/adm.ts") },
  {
    name: "images",
    summary: "Make vmpod's images and put them where a cluster finds them",
    group: cluster,
    load: () => import("./commands/images.ts"),
  },
  {
    name: "completion",
    summary: "Print a completion script for your shell",
    group: other,
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "version",
    summary: "Show the versions of client and server",
    group: other,
    load: () => import("./commands/version.ts"),
  },
];
