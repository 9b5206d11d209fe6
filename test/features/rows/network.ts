import { args, type Area, guest, refused } from "../feature.ts";
import { demo, network as netns, nodeAgent, rich, sees, vmLifecycle } from "./files.ts";

export const network: Area = {
  title: "E. Network",
  features: [
    {
      row: 89,
      name: "masquerade",
      proof: guest(netns, "a guest gets its address, and is reached at the pod's"),
      note: "IPv4, and IPv6 where the pod has it",
    },
    {
      row: 90,
      name: "bridge",
      proof: guest(
        nodeAgent,
        "with the bridge binding a guest has its pod's address itself, and again when it starts anew",
      ),
    },
    {
      row: 91,
      name: "passt",
      proof: guest(
        sees,
        "with passt a guest has its pod's address, and is reached on the ports that it names; passt that dies is replaced, also by a new agent",
      ),
      note: "not live-migratable, as the guest has its pod's address; no DHCP options",
    },
    {
      row: 92,
      name: "slirp and macvtap",
      proof: args("src/controllers/kubevirt/status.test.ts", "a value that is not honoured is told"),
      note: "gone from current KubeVirt as well",
    },
    { row: 93, name: "binding plugins", proof: refused("domain.devices.interfaces[].binding") },
    {
      row: 94,
      name: "secondary networks",
      proof: guest(
        nodeAgent,
        "a guest has an address on its second network, and is reached there from the host and from a container",
      ),
      note: "embedded: bridges, and VLANs of them as far as configuring the plugin (src/kubelet/networks/cni-plugins.test.ts); on a cluster Multus attaches them; another default network is refused",
    },
    { row: 95, name: "SR-IOV", proof: refused("domain.devices.interfaces[].sriov") },
    {
      row: 96,
      name: "interfaces plugged into a running machine, link state",
      proof: guest(nodeAgent, "a NIC is plugged into a running guest, and unplugged"),
      note: "those with the bridge binding on other networks; cables in test/migration/migration.test.ts",
    },
    {
      row: 97,
      name: "models, MAC address, boot order, DHCP options",
      proof: guest(sees, rich),
      note: "multiple queues are refused; ACPI indexes in test/qemu/guest.test.ts, PCI addresses there of a disk",
    },
    { row: 98, name: "lists of ports", proof: guest(netns, "only the listed ports reach the guest") },
    {
      row: 99,
      name: "host name, subdomain, DNS",
      proof: guest(demo, "the machine fetches from the container by DNS name"),
    },
    {
      row: 100,
      name: "Services, Ingress, NetworkPolicy lead to machines as to containers",
      proof: guest(demo, "Services answer from the host too"),
      note: "NetworkPolicy embedded: test/workloads/services; on a cluster the network plugin's",
    },
    {
      row: 101,
      name: "the state of interfaces",
      proof: guest(
        nodeAgent,
        "a guest comes up with its disks, address and agent",
        "a guest has an address on its second network, and is reached there from the host and from a container",
      ),
    },
    {
      row: 102,
      name: "vhost-net, MAC pools, persistent addresses",
      proof: guest(vmLifecycle, "it keeps its firmware UUID and MAC address over a restart, and stops when told"),
      note: "vhost-net is offered as a device where the node has it; embedded, addresses are kept too: test/node-agent/lifecycle",
    },
  ],
};
