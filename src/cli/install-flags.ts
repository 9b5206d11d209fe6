/** The flags that `vmpod install` and `vmpod upgrade` share, and what they mean. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { toYaml } from "../base/yaml.ts";
import type { KubeObject } from "../../api/meta.ts";
import { defaultNamespace } from "../base/cluster-names.ts";
import { parseDurationMs } from "../base/duration.ts";
import { messageOf } from "../base/errors.ts";
import { type Choices, settingsFrom } from "../install/choices.ts";
import { portableFeatures } from "../install/features.ts";
import { defaultTag, localRegistry } from "../install/image-names.ts";
import { install, type InstallOptions, planInstallation } from "../install/install.ts";
import { type Installation, renderInstallation, stages } from "../install/render/installation.ts";
import { defaultSettings, logLevels, pullPolicies } from "../install/settings.ts";
import { type Connection, withConnection } from "./connection.ts";
import type { GlobalOptions } from "./program.ts";
import { createProgress } from "./progress.ts";

interface InstallFlags extends Omit<Choices, "imagePullSecrets" | "nodeSelector">, GlobalOptions {
  imagePullSecret?: string[];
  nodeSelector?: Record<string, string>;
  dryRun?: boolean;
  timeout: number;
}

export function addInstallFlags(command: Command): Command {
  return command
    .option("--registry <host/path>", `where the images are (default: ${localRegistry}: put on the nodes by hand)`)
    .option("--tag <tag>", `the images' tag (default: ${defaultTag})`)
    .option("--vmpod-image <image>", "the image of vmpod's own pods, as a whole")
    .option("--launcher-image <image>", "the image that machines run in, as a whole")
    .addOption(new Option("--image-pull-policy <policy>", "when nodes pull vmpod's image").choices(pullPolicies))
    .option("--image-pull-secret <name>", "Secret in vmpod's namespace to pull with (may be repeated)", collect)
    .option("--replicas <number>", `controllers and API extensions (default: ${defaultSettings.replicas})`, Number)
    .option("--node-selector <label=value>", "nodes that run machines (may be repeated)", collectLabel)
    .option("--kubelet-root <directory>", `the kubelets' root (default: ${defaultSettings.kubeletRoot})`)
    .addOption(new Option("--log-level <level>", "of vmpod's own pods").choices(logLevels))
    .option("--dry-run", "print what would be applied, as YAML, and change nothing")
    .addOption(timeoutOption());
}

export function timeoutOption(): Option {
  return new Option("--timeout <duration>", "how long to wait for each step")
    .default(300_000, "5m")
    .argParser((text: string) => {
      const milliseconds = parseDurationMs(text);
      if (milliseconds === undefined || milliseconds <= 0)
        throw new InvalidArgumentError("a duration is e.g. 90s or 5m.");
      return milliseconds;
    });
}

export function namespaceFrom({ namespace }: GlobalOptions): string {
  return namespace ?? defaultNamespace;
}

export async function runInstall(
  command: Command,
  how: Pick<InstallOptions, "prune">,
  before: (connection: Connection, namespace: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const flags = command.optsWithGlobals<InstallFlags>();
  const namespace = namespaceFrom(flags);
  const choices = choicesFrom(flags);
  // A mistake in the flags is told before anybody is asked anything.
  settingsFrom(choices, namespace);
  if (flags.dryRun) {
    process.stdout.write(yamlOf(await dryRun(command, namespace, choices)));
    return;
  }
  const say = createProgress();
  await withConnection(command, async (connection) => {
    const { client } = connection;
    await before(connection, namespace);
    await install({ client, namespace, choices, ...how, onProgress: say, timeoutMs: flags.timeout });
  });
  say("ready: kubectl get vm -A");
}

function choicesFrom(flags: InstallFlags): Choices {
  const { registry, tag, vmpodImage, launcherImage, imagePullPolicy, replicas, kubeletRoot, logLevel } = flags;
  const { imagePullSecret: imagePullSecrets, nodeSelector } = flags;
  const given = { registry, tag, vmpodImage, launcherImage, imagePullPolicy, replicas, kubeletRoot, logLevel };
  const all = { ...given, imagePullSecrets, nodeSelector };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** As it would be applied to the cluster; without one to ask, as it would be to a current one. */
async function dryRun(command: Command, namespace: string, choices: Choices): Promise<Installation> {
  try {
    return await withConnection(command, async ({ client }) => {
      return (await planInstallation({ client, namespace, choices })).installation;
    });
  } catch (error) {
    process.stderr.write(`not made for your cluster, but for any current one: ${messageOf(error)}\n`);
    return renderInstallation(settingsFrom(choices, namespace), portableFeatures);
  }
}

export function yamlOf(installation: Installation): string {
  return stages.flatMap((stage) => installation[stage].map(documentOf)).join("---\n");
}

function documentOf(object: KubeObject): string {
  return toYaml(object);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function collectLabel(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError("a label is KEY=VALUE.");
  return { ...previous, [key]: value ?? "" };
}
