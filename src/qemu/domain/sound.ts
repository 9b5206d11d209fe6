/** A sound card that nobody hears: guests that look for one find it. */
import type { Domain } from "./domain.ts";
import { type Argument, option } from "./options.ts";

export function soundArguments({ sound }: Domain): Argument[] {
  if (sound === undefined) return [];
  const silence: Argument = ["-audiodev", "none,id=audio0"];
  const card = { id: "sound0", audiodev: "audio0" };
  if (sound === "ac97") return [silence, ["-device", option("AC97", card)]];
  return [
    silence,
    ["-device", option("ich9-intel-hda", { id: card.id })],
    ["-device", option("hda-duplex", { bus: `${card.id}.0`, audiodev: card.audiodev })],
  ];
}
