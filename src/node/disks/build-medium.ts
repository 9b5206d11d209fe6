import type { Volume } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import type { PrepareContext } from "./prepare-disk.ts";

export async function buildMedium(_context: PrepareContext, volume: Volume, _file: string): Promise<void> {
  throw new TerminalError("UnsupportedVolume", `volume ${volume.name}: media are not built yet`);
}
