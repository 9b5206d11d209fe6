/** Subresources that say something without changing anything: version, health, the expanded spec. */
import { StatusError } from "../../base/errors.ts";
import { type Answer, type ExtensionContext, jsonAnswer, type SubresourceRequest } from "./context.ts";
import { getVm } from "./objects.ts";

export function versionInfo({ version }: ExtensionContext): Answer {
  return jsonAnswer(versionDocument(version));
}

/** client-go's `version.Info`. */
export function versionDocument(version: string): object {
  const [major = "0", minor = "0"] = version.split(".");
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
  };
}

export function health(): Answer {
  return jsonAnswer({ apiserver: { connectivity: "ok" } });
}

/** Without instance types and preferences a VirtualMachine is expanded as it stands. */
export async function expandSpec({ client }: ExtensionContext, request: SubresourceRequest): Promise<Answer> {
  return jsonAnswer(await getVm(client, request));
}

export function expandVmSpec(_context: ExtensionContext, { namespace, body }: SubresourceRequest): Promise<Answer> {
  const vm = body as { kind?: string; metadata?: { namespace?: string } } | undefined;
  if (vm?.kind !== "VirtualMachine") throw new StatusError("BadRequest", "the request's body must be a VirtualMachine");
  const own = vm.metadata?.namespace;
  if (own !== undefined && own !== namespace) {
    throw new StatusError("BadRequest", `VM namespace must be "${namespace}", as the request's is; it is "${own}"`);
  }
  return Promise.resolve(jsonAnswer(vm));
}
