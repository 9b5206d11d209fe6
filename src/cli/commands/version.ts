import type { Command } from "commander";
import { programVersion } from "../../base/version.ts";
import { examples } from "../program.ts";

interface VersionInfo {
  gitVersion?: string;
  platform?: string;
}

export function define(command: Command): void {
  command
    .option("-c, --client", "only the client's version; needs no server")
    .action((options: { client?: boolean }) => showVersion(command, options));
  examples(command, ["Both versions", "vmpod version"], ["The client's only", "vmpod version --client"]);
}

async function showVersion(command: Command, options: { client?: boolean }): Promise<void> {
  console.log(`Client Version: v${programVersion()} (Node.js ${process.version}, ${process.platform}/${process.arch})`);
  if (options.client) return;
  const { withConnection } = await import("../connection.ts");
  const server = await withConnection(command, ({ client }) => client.request<VersionInfo>("GET", "/version"));
  console.log(`Server Version: ${server.gitVersion ?? "unknown"} (Kubernetes API)`);
}
