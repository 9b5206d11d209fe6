/** Makes sure that a container's image is on the node, as its pull policy wants it. */
import type { Container, Pod } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import type { Image } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { ImageUser } from "../config/security.ts";
import type { KubeletContext } from "../context.ts";
import { startKey } from "../pods/actions.ts";
import type { MutablePodMemory } from "../pods/memory.ts";
import type { PodMemory } from "../pods/observation.ts";
import { pullImage, requireWanted } from "./pull-image.ts";
import { pullPolicy } from "./pull-policy.ts";

export interface ReadyImage {
  id: string;
  user: ImageUser;
}

export async function ensureImage(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  memory: MutablePodMemory,
): Promise<ReadyImage> {
  const reference = container.image ?? "";
  if (reference === "") {
    throw new TerminalError("InvalidImageName", `container ${container.name} has no image`);
  }
  const present = await findImage(context, reference);
  const policy = pullPolicy(reference, container.imagePullPolicy);
  if (present !== undefined && policy !== "Always") {
    return tellPresent(context, pod, container, present);
  }
  if (policy === "Never") {
    const message = `Container image "${reference}" is not present with pull policy of Never`;
    context.events.warning(pod, "ErrImageNeverPull", message);
    throw new TerminalError("ErrImageNeverPull", message);
  }
  // A local image can be in no registry.
  if (present !== undefined && reference.startsWith("localhost/")) {
    return tellPresent(context, pod, container, present);
  }
  return await pulled(context, pod, container, memory);
}

export async function findImage(context: KubeletContext, reference: string): Promise<Image | undefined> {
  const { image } = await context.cri.images.imageStatus({ image: { image: reference } });
  return image;
}

function tellPresent(context: KubeletContext, pod: Pod, container: Container, image: Image): ReadyImage {
  const message = `Container image "${container.image}" already present on machine`;
  context.events.normal(pod, "Pulled", message);
  return readyImage(image);
}

export function readyImage(image: Image): ReadyImage {
  const uid = image.uid === undefined ? undefined : Number(image.uid.value);
  return { id: image.id, user: { uid, name: image.username } };
}

async function pulled(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  memory: MutablePodMemory,
): Promise<ReadyImage> {
  const reference = container.image ?? "";
  context.events.normal(pod, "Pulling", `Pulling image "${reference}"`);
  const startMs = Date.now();
  try {
    await pullImage(context, pod, reference, memory.deleted.signal);
  } catch (error) {
    requireWanted(memory.deleted.signal);
    throw pullFailure(context, pod, container, memory, error);
  }
  const image = await findImage(context, reference);
  if (image === undefined) {
    throw new TerminalError("ErrImagePull", `image "${reference}" was pulled but is not there`);
  }
  const message = `Successfully pulled image "${reference}" in ${Date.now() - startMs}ms. Image size: ${image.size} bytes.`;
  context.events.normal(pod, "Pulled", message);
  return readyImage(image);
}

function pullFailure(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  memory: PodMemory,
  error: unknown,
): TerminalError {
  const reference = container.image ?? "";
  const message = `Failed to pull image "${reference}": ${messageOf(error)}`;
  context.events.warning(pod, "Failed", message);
  const again = memory.failures.has(startKey(container.name));
  if (again) {
    context.events.normal(pod, "BackOff", `Back-off pulling image "${reference}"`);
    return new TerminalError("ImagePullBackOff", `Back-off pulling image "${reference}": ${message}`);
  }
  context.events.warning(pod, "Failed", "Error: ErrImagePull");
  return new TerminalError("ErrImagePull", message);
}
