import type { Explanation } from "./situation.ts";

/** Container waiting reasons that speak of an image. */
const imageReasons = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"]);

export function imageExplanation(reason: string | undefined, message: string): Explanation | undefined {
  if (!reason || !imageReasons.has(reason)) return undefined;
  return {
    why: `waits for an image that cannot be pulled (${[reason, message].filter(Boolean).join(": ")})`,
    todo: "check the image's name and tag, and whether this machine reaches the registry",
  };
}
