/** Rules about `networks` and `domain.devices.interfaces`: they come in pairs of one name, with one binding each. */
import { isIPv4 } from "node:net";
import { parseIpv6Network } from "../../../src/base/ipv6.ts";
import { duplicate, forbidden, invalid, oneOf, required, type StatusCause, setFields, unique } from "./causes.ts";
import { usesPasst } from "../passt.ts";
import type { Interface, Network, PortRange, VirtualMachineInstanceSpec } from "../types.ts";

const bindings = ["bridge", "masquerade", "sriov", "slirp", "macvtap", "passt", "passtBinding", "binding"] as const;
const networkSources = ["pod", "multus", "resourceClaim"] as const;
const models = ["virtio", "e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139"] as const;
const namePattern = /^[A-Za-z0-9_-]+$/;
const macPattern = /^([\da-fA-F]{2}([:-])[\da-fA-F]{2}(\2[\da-fA-F]{2}){4})$/;
const reservedMac = "02:00:00:00:00:00";

export function validateNetworking(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  return [
    ...validateNetworks(spec, `${path}.networks`),
    ...validateInterfaces(spec, `${path}.domain.devices.interfaces`),
  ];
}

function validateNetworks(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const networks = spec.networks ?? [];
  const interfaces = new Set((spec.domain.devices.interfaces ?? []).map((nic) => nic.name));
  return [
    ...networks.flatMap((network, index) => validateNetwork(network, `${field}[${index}]`)),
    ...networks.flatMap((network, index) => validateHasInterface(network, interfaces, `${field}[${index}].name`)),
    ...unique(
      networks,
      (network) => network.name,
      (index) => `${field}[${index}].name`,
      "each network needs its own name",
    ),
    ...onePodNetwork(networks, field),
    ...oneDefaultNetwork(networks, field),
  ];
}

function validateNetwork(network: Network, field: string): StatusCause[] {
  const sources = setFields(network, networkSources);
  return [
    ...(network.name ? [] : [required(`${field}.name`, "a network needs a name, which its interface repeats")]),
    ...(sources.length === 0
      ? [required(field, `network "${network.name}" needs exactly one of ${networkSources.join(", ")}`)]
      : []),
    ...(sources.length > 1
      ? [invalid(field, sources, `network "${network.name}" must have exactly one source: keep one of them`)]
      : []),
    ...validateCidr(network.pod?.vmNetworkCIDR, `${field}.pod.vmNetworkCIDR`),
    ...validateCidr6(network.pod?.vmIPv6NetworkCIDR, `${field}.pod.vmIPv6NetworkCIDR`),
    ...(network.multus ? validateDefinitionName(network.multus.networkName, `${field}.multus.networkName`) : []),
  ];
}

const objectName = "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?";
const definitionPattern = new RegExp(`^(${objectName}/)?${objectName}$`);

function validateDefinitionName(name: string | undefined, field: string): StatusCause[] {
  if (!name) return [required(field, "the name of a NetworkAttachmentDefinition")];
  return definitionPattern.test(name) ? [] : [invalid(field, name, "must be NAME, or NAMESPACE/NAME")];
}

/** Room for a router, the guest and what every network has. */
function validateCidr(cidr: string | undefined, field: string): StatusCause[] {
  if (!cidr) return [];
  const [address = "", length = "", ...rest] = cidr.split("/");
  const isRight = rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(length) && Number(length) <= 30;
  return isRight ? [] : [invalid(field, cidr, "is no IPv4 network of at least 4 addresses: write e.g. 10.0.2.0/24")];
}

/** One wider than /64 cannot be advertised to the guest. */
function validateCidr6(cidr: string | undefined, field: string): StatusCause[] {
  if (!cidr) return [];
  const length = Number(cidr.split("/")[1]);
  const isRight = parseIpv6Network(cidr) !== undefined && length >= 64 && length <= 126;
  return isRight ? [] : [invalid(field, cidr, "is no IPv6 network of /64 to /126: write e.g. fd10:0:2::/120")];
}

function validateHasInterface(network: Network, interfaces: ReadonlySet<string>, field: string): StatusCause[] {
  if (!network.name || interfaces.has(network.name)) return [];
  return [
    invalid(
      field,
      network.name,
      "no interface has this name: add it to domain.devices.interfaces, or remove the network",
    ),
  ];
}

function onePodNetwork(networks: readonly Network[], field: string): StatusCause[] {
  const indexes = networks.flatMap((network, index) => (network.pod ? [index] : []));
  return indexes
    .slice(1)
    .map((index) =>
      duplicate(`${field}[${index}].pod`, networks[index]?.name, "at most one network may be the pod network"),
    );
}

function oneDefaultNetwork(networks: readonly Network[], field: string): StatusCause[] {
  const indexes = networks.flatMap(({ multus }, index) => (multus?.default ? [index] : []));
  const hasPod = networks.some(({ pod }) => pod);
  return indexes
    .slice(hasPod ? 0 : 1)
    .map((index) =>
      invalid(
        `${field}[${index}].multus.default`,
        true,
        "one network is the default, and the pod network is if it is there",
      ),
    );
}

function validateInterfaces(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const interfaces = spec.domain.devices.interfaces ?? [];
  const networks = new Map((spec.networks ?? []).map((network) => [network.name, network]));
  return [
    ...interfaces.flatMap((nic, index) => validateInterface(nic, networks.get(nic.name), `${field}[${index}]`)),
    ...unique(
      interfaces,
      (nic) => nic.name,
      (index) => `${field}[${index}].name`,
      "each interface joins a network of its own",
    ),
    ...unique(
      interfaces,
      (nic) => nic.macAddress?.toLowerCase(),
      (index) => `${field}[${index}].macAddress`,
      "each interface needs its own MAC address",
    ),
  ];
}

function validateInterface(nic: Interface, network: Network | undefined, field: string): StatusCause[] {
  return [
    ...validateInterfaceName(nic, network, `${field}.name`),
    ...validateBinding(nic, network, field),
    ...oneOf(`${field}.model`, nic.model, models),
    ...oneOf(`${field}.state`, nic.state, ["up", "down", "absent"]),
    ...(nic.state === "absent" && !nic.bridge
      ? [invalid(`${field}.state`, "absent", "only an interface with the bridge binding can be unplugged: remove it")]
      : []),
    ...validateMac(nic, `${field}.macAddress`),
    ...validatePorts(nic, `${field}.ports`),
    ...validatePortRanges(nic, field),
    ...(usesPasst(nic) && nic.dhcpOptions
      ? [invalid(`${field}.dhcpOptions`, nic.dhcpOptions, "passt tells none of them: leave it out, or use masquerade")]
      : []),
    ...validateDhcp(nic, `${field}.dhcpOptions`),
  ];
}

function validateInterfaceName(nic: Interface, network: Network | undefined, field: string): StatusCause[] {
  if (!nic.name) return [required(field, "the name of the network that the interface joins")];
  if (!namePattern.test(nic.name)) return [invalid(field, nic.name, "may hold only A-Z, a-z, 0-9, '-' and '_'")];
  return network
    ? []
    : [invalid(field, nic.name, "no network has this name: add it to networks, or remove the interface")];
}

function validateBinding(nic: Interface, network: Network | undefined, field: string): StatusCause[] {
  const given = setFields(nic, bindings);
  if (given.length === 0)
    return [required(field, `interface "${nic.name}" needs a binding: write e.g. masquerade: {}`)];
  if (given.length > 1)
    return [invalid(field, given, `interface "${nic.name}" must have exactly one binding: keep one of them`)];
  const discontinued = setFields(nic, ["slirp", "macvtap", "passt"]);
  if (discontinued.length > 0)
    return [forbidden(`${field}.${discontinued[0]}`, "was removed from the API: use masquerade")];
  if (nic.masquerade && network && !network.pod)
    return [invalid(`${field}.masquerade`, {}, "works on the pod network only: use bridge")];
  if (usesPasst(nic) && network && !network.pod)
    return [invalid(`${field}.${given[0]}`, nic.binding ?? {}, "works on the pod network only: use bridge")];
  if (usesPasst(nic) && nic.model && nic.model !== "virtio")
    return [invalid(`${field}.model`, nic.model, "passt carries virtio only: leave it out")];
  return [];
}

function validateMac(nic: Interface, field: string): StatusCause[] {
  const mac = nic.macAddress;
  if (!mac) return [];
  if (!macPattern.test(mac)) return [invalid(field, mac, "is no MAC address: write e.g. 02:42:ac:11:00:02")];
  if (Number.parseInt(mac.slice(0, 2), 16) & 1)
    return [invalid(field, mac, "is a multicast address: make the first octet even, e.g. 02")];
  if (nic.masquerade && mac.toLowerCase().replaceAll("-", ":") === reservedMac)
    return [invalid(field, mac, "is reserved for masquerade")];
  return [];
}

function validatePorts(nic: Interface, field: string): StatusCause[] {
  const ports = nic.ports ?? [];
  return [
    ...ports.flatMap(({ port }, index) =>
      Number.isInteger(port) && port >= 1 && port <= 65535
        ? []
        : [invalid(`${field}[${index}].port`, port, "must be from 1 to 65535")],
    ),
    ...ports.flatMap(({ protocol }, index) => oneOf(`${field}[${index}].protocol`, protocol, ["TCP", "UDP"])),
    ...ports.flatMap(({ name }, index) =>
      !name || /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)
        ? []
        : [invalid(`${field}[${index}].name`, name, "may hold only a-z, 0-9 and '-'")],
    ),
    ...unique(
      ports,
      (port) => port.name,
      (index) => `${field}[${index}].name`,
      "each port needs its own name",
    ),
  ];
}

const maxPortRanges = 10;
const lastPort = 65535;

function validatePortRanges(nic: Interface, interfaceField: string): StatusCause[] {
  const field = `${interfaceField}.portRanges`;
  const { portRanges = [] } = nic;
  if (portRanges.length === 0) return [];
  if (!nic.masquerade && !usesPasst(nic))
    return [invalid(field, `${portRanges.length} ranges`, "only masquerade and passt forward ports")];
  if (portRanges.length > maxPortRanges)
    return [invalid(field, `${portRanges.length} ranges`, `at most ${maxPortRanges} are allowed`)];
  return [
    ...portRanges.flatMap((range, index) => validatePortRange(range, `${field}[${index}]`)),
    ...portRanges.flatMap((range, index) => {
      const before = portRanges.slice(0, index).findIndex((other) => overlap(range, other));
      return before < 0
        ? []
        : [invalid(`${field}[${index}]`, `${range.start}-${range.end}`, `overlaps ${field}[${before}]`)];
    }),
  ];
}

function validatePortRange({ start, end, protocol }: PortRange, field: string): StatusCause[] {
  const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= lastPort;
  return [
    ...(isPort(start) ? [] : [invalid(`${field}.start`, start, "must be from 1 to 65535")]),
    ...(isPort(end) ? [] : [invalid(`${field}.end`, end, "must be from 1 to 65535")]),
    ...(start > end ? [invalid(`${field}.start`, start, `must not exceed end (${end})`)] : []),
    ...oneOf(`${field}.protocol`, protocol, ["TCP", "UDP"]),
  ];
}

function overlap(one: PortRange, other: PortRange): boolean {
  const sameProtocol = (one.protocol || "TCP") === (other.protocol || "TCP");
  return sameProtocol && one.start <= other.end && other.start <= one.end;
}

/** As long as one option of DHCP may be. */
const maxDhcpTextBytes = 255;

function validateDhcpText(text: string | undefined, field: string): StatusCause[] {
  if (text === undefined || Buffer.byteLength(text) <= maxDhcpTextBytes) return [];
  return [invalid(field, `${Buffer.byteLength(text)} bytes`, `exceeds ${maxDhcpTextBytes} bytes`)];
}

function validateDhcp(nic: Interface, field: string): StatusCause[] {
  const options = nic.dhcpOptions?.privateOptions ?? [];
  const servers = nic.dhcpOptions?.ntpServers ?? [];
  return [
    ...options.flatMap(({ option }, index) =>
      option >= 224 && option <= 254
        ? []
        : [invalid(`${field}.privateOptions[${index}].option`, option, "must be from 224 to 254")],
    ),
    ...unique(
      options,
      (item) => item.option,
      (index) => `${field}.privateOptions[${index}].option`,
      "each option is given once",
    ),
    ...validateDhcpText(nic.dhcpOptions?.bootFileName, `${field}.bootFileName`),
    ...validateDhcpText(nic.dhcpOptions?.tftpServerName, `${field}.tftpServerName`),
    ...options.flatMap(({ value }, index) => validateDhcpText(value, `${field}.privateOptions[${index}].value`)),
    ...servers.flatMap((server, index) =>
      isIPv4(server) ? [] : [invalid(`${field}.ntpServers[${index}]`, server, "must be an IPv4 address")],
    ),
  ];
}
