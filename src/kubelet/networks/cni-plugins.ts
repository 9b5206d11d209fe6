/**
 * A NetworkAttachmentDefinition's CNI configuration as the plugins to run, one after the other. Pure.
 *
 * Plugins run as root on the host, so what they are is not left to the definition: only bridges (`type: bridge`, with `vlan` for one
 * VLAN of it) and addresses from a file of the host's (`ipam.type: host-local`, `static`). The rest of the configuration is theirs to check.
 */
import type { NetworkAttachmentDefinition } from "../../../api/network-attachments.ts";
import { TerminalError } from "../../base/errors.ts";

/** One plugin's configuration, as it goes to its standard input but for `prevResult`. */
export type CniPlugin = Record<string, unknown> & { type: string; name: string; cniVersion: string };

const pluginTypes: readonly unknown[] = ["bridge"];
const ipamTypes: readonly unknown[] = ["host-local", "static"];
const defaultVersion = "1.0.0";

/** `addressesDir`: where addresses in use are noted. @throws TerminalError */
export function cniPlugins(definition: NetworkAttachmentDefinition, addressesDir: string): CniPlugin[] {
  const name = `${definition.metadata?.namespace}/${definition.metadata?.name}`;
  const refuse = (reason: string): never => {
    throw new TerminalError("NetworkNotAttachable", `NetworkAttachmentDefinition ${name}: ${reason}`);
  };
  const config = parse(definition.spec?.config ?? "") ?? refuse("spec.config is not a JSON object");
  const list = Array.isArray(config["plugins"]) ? (config["plugins"] as unknown[]) : [config];
  const plugins = list.map((plugin) => (isRecord(plugin) ? plugin : refuse("a plugin is not an object")));
  if (plugins.length === 0) refuse("there is no plugin");
  for (const { type, ipam } of plugins) {
    if (!pluginTypes.includes(type)) refuse(`type ${JSON.stringify(type)} is not available: use "bridge"`);
    const { type: ipamType } = isRecord(ipam) ? ipam : {};
    if (ipamType !== undefined && !ipamTypes.includes(ipamType))
      refuse(`ipam.type ${JSON.stringify(ipamType)} is not available: use "host-local", "static", or leave ipam out`);
  }
  const version = config["cniVersion"];
  return plugins.map((plugin) => ({
    ...withAddressesDir(plugin, addressesDir),
    type: String(plugin["type"]),
    // Names the file of its addresses, too.
    name: name.replace("/", "-"),
    cniVersion: typeof version === "string" ? version : defaultVersion,
  }));
}

/** Of those in use nothing may outlive the network namespaces. */
function withAddressesDir(plugin: Record<string, unknown>, addressesDir: string): Record<string, unknown> {
  const { ipam } = plugin;
  return isRecord(ipam) && ipam["type"] === "host-local"
    ? { ...plugin, ipam: { ...ipam, dataDir: addressesDir } }
    : plugin;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const config: unknown = JSON.parse(text);
    return isRecord(config) ? config : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
