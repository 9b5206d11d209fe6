/** Ends every pod of an instance through the container runtime alone: the kubelet is not running any more. */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { connectCri, type CriClient } from "../cri/client.ts";

/** Powers off the guest of a launcher container and returns when QEMU has ended. */
const stopGuestCommand = ["/usr/libexec/vmpod/stop-guest"];
const podNameLabel = "io.kubernetes.pod.name";
const launcherPrefix = "virt-launcher-";
const stateRunning = 1;

/** @returns how many pods there were */
export async function endPods(criSocket: string, graceSeconds: number, log: Logger): Promise<number> {
  const cri = connectCri(criSocket);
  try {
    const { items: sandboxes } = await cri.runtime.listPodSandbox({});
    await Promise.all(
      sandboxes.map(({ id, labels }) => endPod(cri, id, labels[podNameLabel] ?? id, graceSeconds, log)),
    );
    return sandboxes.length;
  } finally {
    cri.close();
  }
}

async function endPod(cri: CriClient, id: string, name: string, graceSeconds: number, log: Logger): Promise<void> {
  const { containers } = await cri.runtime.listContainers({ filter: { podSandboxId: id } });
  const running = containers.filter(({ state }) => Number(state) === stateRunning);
  await Promise.all(
    running.map(async (container) => {
      if (name.startsWith(launcherPrefix)) await powerOff(cri, container.id, name, graceSeconds, log);
      await cri.runtime.stopContainer({ containerId: container.id, timeout: BigInt(graceSeconds) });
    }),
  );
  await cri.runtime.stopPodSandbox({ podSandboxId: id });
  await cri.runtime.removePodSandbox({ podSandboxId: id });
}

async function powerOff(
  cri: CriClient,
  containerId: string,
  name: string,
  graceSeconds: number,
  log: Logger,
): Promise<void> {
  const request = { containerId, cmd: stopGuestCommand, timeout: BigInt(graceSeconds) };
  const asked = cri.runtime.execSync(request).catch((error: unknown) => {
    // QEMU's end takes the hook with it: that is success, and everything else ends with stopContainer.
    log.debug({ pod: name, error: messageOf(error) }, "the guest's power-off hook did not return");
  });
  await Promise.race([asked, delay(graceSeconds * 1000)]);
}
