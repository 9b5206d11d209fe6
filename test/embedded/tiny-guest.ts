/** The guest for machines of 64 MiB: built only for those who ask for it, and brought into a running instance. */
import { importImage } from "./import-image.ts";
import type { TestInstance } from "./instance.ts";

export const tinyGuestImage = "localhost/vmpod/guest-tiny:latest";
export const tinyMemory = "64Mi";

export const importTinyGuest = (instance: TestInstance): Promise<void> => importImage(instance, "guest-tiny");
