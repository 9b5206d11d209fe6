/** The verbs that no scenario uses, because they are not about a machine: which test drives them instead. */
export const verbsOfNoMachine: Readonly<Record<string, string>> = {
  // An embedded instance is brought up and taken down; a cluster has neither.
  up: "test/embedded/instance.ts",
  down: "test/embedded/instance.ts",
  status: "test/embedded/commands.test.ts",
  doctor: "test/embedded/commands.test.ts",
  // A cluster gets vmpod and loses it; an embedded instance has it.
  install: "test/cluster/suite/install.test.ts",
  upgrade: "test/cluster/suite/install.test.ts",
  uninstall: "test/cluster/suite/install.test.ts",
  // They talk to no API.
  "images save": "test/images/push.test.ts",
  "images push": "test/images/push.test.ts",
};
