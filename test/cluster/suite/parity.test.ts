/** Every scenario on one machine and on a real Kubernetes: the same manifests, the same states. */
import { after, before } from "node:test";
import { type StartedTarget, startEmbedded } from "../../parity/embedded-target.ts";
import { startOnCluster } from "../../parity/cluster-target.ts";
import { playOn } from "../../parity/play.ts";

const targets: StartedTarget[] = [];

before(async () => {
  targets.push(startEmbedded());
  targets.push(await startOnCluster((line) => console.error(line)));
});

playOn(() => targets);

after(async () => {
  for (const target of targets) await target.stop();
});
