import { commandsOfVirtctlOnly } from "../../../src/cli/virtctl-only.ts";
import { args, type Area, guest, missing, refused } from "../feature.ts";
import {
  cli,
  confinement,
  demo,
  extension,
  installation,
  launcherPod,
  nodeAgent,
  qemu,
  tinyGuest,
  vmApi,
  vmLifecycle,
} from "./files.ts";

export const security: Area = {
  title: "H. Security",
  features: [
    {
      row: 121,
      name: "QEMU without rights, confined",
      proof: guest(
        confinement,
        "QEMU runs as 107 without capabilities, cannot gain any, and its system calls are filtered",
        "QEMU's own sandbox denies what it never needs",
      ),
    },
    {
      row: 122,
      name: "SELinux",
      proof: args(
        "src/controllers/virtualmachineinstance/launcher/pod-security.test.ts",
        "the launcher has the SELinux type of the configuration, for all of its containers",
        "a target pod has the level of its source, unless the configuration wants it otherwise",
      ),
      note: "embedded, containerd is told, and heeds it only where its own configuration turns SELinux on",
    },
    {
      row: 123,
      name: "what a node's agent may change",
      proof: args("src/install/render/rights.test.ts", "secrets are read and written in vmpod's own namespace only"),
      note: "no restriction to objects of its own node",
    },
    {
      row: 124,
      name: "roles admin, edit, view, migrate",
      proof: args(extension, "what is asked is authorised for whom the front proxy names"),
      note: "on a cluster in test/cluster/suite/install.test.ts",
    },
    {
      row: 125,
      name: "TLS everywhere, certificates made anew",
      proof: args(
        "src/controllers/certificates/trust.test.ts",
        "everybody trusts everybody at every moment, whatever happens to the authority and the controller",
      ),
    },
    {
      row: 126,
      name: "machines in namespaces of level restricted",
      proof: args(launcherPod, "the pod satisfies Pod Security's level restricted, also where it copies its disk"),
    },
    {
      row: 127,
      name: "quota, limits set by themselves",
      proof: args(
        vmApi,
        "where a quota counts limits, a machine's launcher has some, and twice the memory that it asks for or as much as the namespace says",
      ),
      note: "no AAQ",
    },
  ],
};

export const access: Area = {
  title: "I. Guest access",
  features: [
    {
      row: 128,
      name: "serial console and its log",
      proof: guest(
        nodeAgent,
        "the console is shared: a new client takes it from the old one, also right after the agent was killed",
      ),
    },
    { row: 129, name: "VNC and screenshots", proof: guest(cli, "shows its screen by VNC") },
    {
      row: 130,
      name: "ssh, scp, port-forward",
      proof: guest(
        cli,
        "runs commands by ssh, passes their input and their status",
        "has ports that can be reached from here",
      ),
    },
    {
      row: 131,
      name: "USB redirection",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
    },
    { row: 132, name: "vsock", proof: refused("domain.devices.autoattachVSOCK") },
    {
      row: 133,
      name: "what the guest agent tells",
      proof: guest(nodeAgent, "the guest agent's lists have upstream's shapes"),
    },
    {
      row: 134,
      name: "access credentials",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
      note: "by cloud-init and by the agent",
    },
    { row: 135, name: "freeze and thaw", proof: guest(nodeAgent, "a frozen guest is thawed by itself") },
    {
      row: 136,
      name: "hook sidecars and plugins",
      proof: refused("metadata.annotations[hooks.kubevirt.io/hookSidecars]"),
      note: "the kind Plugin is not served",
    },
  ],
};

export const observability: Area = {
  title: "J. Observability",
  features: [
    {
      row: 137,
      name: "metrics, rules, alerts",
      proof: guest(tinyGuest, "its metrics are told, the guest's own among them"),
      note: "79 of 105 metrics, 14 rules, 11 alerts; docs/metrics.md says which are not there and why",
    },
    { row: 138, name: "events, conditions, columns", proof: guest(demo, "kubectl shows KubeVirt's columns") },
    {
      row: 139,
      name: "histograms of phases",
      proof: guest(tinyGuest, "its metrics are told, the guest's own among them"),
    },
    {
      row: 140,
      name: "dirty rate and statistics of a guest",
      proof: guest(tinyGuest, "its metrics are told, the guest's own among them"),
      note: "as metrics",
    },
    {
      row: 141,
      name: "object graph",
      proof: args(vmApi, "the object graph tells what a machine depends on, as far as one wants to know"),
    },
    {
      row: 142,
      name: "log levels, profiler",
      proof: args(
        vmApi,
        "how much vmpod logs is shown and set in the KubeVirt resource, which it follows while it runs",
      ),
      note: "the node agents' in test/cli/guest.test.ts; no profiler",
    },
    {
      row: 143,
      name: "vhostmd",
      proof: guest(
        qemu,
        "a kernel from the image boots; its guest sees volumes and is told of its node; its panic is seen",
      ),
    },
  ],
};

export const tooling: Area = {
  title: "K. API and tools",
  features: [
    {
      row: 144,
      name: "kinds, OpenAPI, explain, columns",
      proof: args(vmApi, "kubectl knows the kinds by their short names and columns"),
      note: "docs/kubevirt-fields.md has the kinds; none of CDI's",
    },
    {
      row: 145,
      name: "subresources v1 and v1alpha3",
      proof: guest(vmLifecycle, "a pause shows, and what is asked twice is refused"),
    },
    {
      row: 146,
      name: "admission",
      proof: args(extension, "webhooks default and validate, for callers that bring no certificate"),
    },
    {
      row: 147,
      name: "virtctl's commands",
      proof: guest(cli, "tells of itself by its agent and its serial log", "is paused, explained and let go on"),
      note: `with their options: test/parity/virtctl.test.ts; not there, which is told with the reason: ${Object.keys(commandsOfVirtctlOnly).join(", ")}`,
    },
    {
      row: 148,
      name: "install, upgrade, uninstall, the KubeVirt resource",
      proof: args(
        installation,
        "installing goes on where it was interrupted, and ends when everything answers",
        "an upgrade removes what this version does not have",
        "removing leaves nothing that was installed",
      ),
      note: "on a real Kubernetes, with machines that are moved or evicted to another launcher: test/cluster/suite/install",
    },
    {
      row: 149,
      name: "clients: client-go, Terraform, Ansible",
      proof: args(
        "test/apiserver/client-node.test.ts",
        "creates, reads, replaces and deletes",
        "feeds an informer, also across a kill -9 of the server",
      ),
      note: "the official JavaScript client",
    },
    {
      row: 150,
      name: "krew plugin, completion",
      proof: args("src/cli/commands/completion.test.ts", "bash completes commands and their options"),
    },
  ],
};

export const platforms: Area = {
  title: "L. Platforms, and what KubeVirt has not",
  features: [
    { row: 151, name: "hosts amd64, arm64, s390x", proof: missing, note: "amd64" },
    {
      row: 152,
      name: "cloud images of Linux",
      proof: guest(qemu, "virtio: cloud-init applied, agent, ssh and http answer, the power button ends it"),
      note: "Debian's cloud kernel, in vmpod's own image",
    },
    { row: 153, name: "Windows", proof: missing },
    {
      row: 154,
      name: "one machine without Kubernetes",
      proof: guest(demo, "the container fetches from the machine by DNS name"),
    },
    { row: 155, name: "a web page", proof: missing },
    { row: 156, name: "suspend to disk", proof: missing },
    { row: 157, name: "another name for a machine", proof: missing },
    {
      row: 158,
      name: "an address that stays over restarts",
      proof: guest(
        nodeAgent,
        "with the bridge binding a guest has its pod's address itself, and again when it starts anew",
      ),
      note: "embedded, until another pod has got it; on a cluster as its network gives them",
    },
    {
      row: 159,
      name: "IPv6, two families of addresses for pods and Services",
      proof: guest(nodeAgent, "a guest and a container reach each other by IPv6"),
      note: "DHCPv6 and routes in test/node-agent/network.test.ts, Services, DNS and policies embedded in test/workloads/services.test.ts; with the bridge binding IPv4 only",
    },
  ],
};
