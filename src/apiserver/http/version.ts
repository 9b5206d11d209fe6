/** What `kubectl version` shows: the Kubernetes API level that is served. */
export const versionInfo = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+vmpod",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: `node ${process.version}`,
  compiler: "none",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};
