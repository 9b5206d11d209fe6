/** What the extension says of itself: version and health. */
import { type Answer, type ExtensionContext, jsonAnswer } from "./context.ts";

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
