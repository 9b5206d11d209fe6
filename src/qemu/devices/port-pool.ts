/** Hands out root ports in order, so that the same devices get the same PCI addresses at every start. */
import { TerminalError } from "../../base/errors.ts";

export class PortPool {
  readonly #free: string[] | undefined;
  #claims = new Map<string, string>();

  /**
   * @param free undefined: the machine has plain PCI slots and finds a place itself
   * @param reserved devices and the ports that they, and no others, are to have
   */
  constructor(free: readonly string[] | undefined, reserved: ReadonlyMap<string, string> = new Map()) {
    const kept = new Set(reserved.values());
    this.#free = free?.filter((port) => !kept.has(port));
    if (free) this.#claims = new Map(reserved);
  }

  /** Sets a port aside for `device`; false when it has one already. */
  claim(device: string): boolean {
    if (this.#claims.has(device)) return false;
    const port = this.#free ? this.#free.shift() : "";
    if (port === undefined) {
      throw new TerminalError(
        "NoFreeSlot",
        `no PCI Express slot is left for ${device}: restart the machine to give it more`,
      );
    }
    this.#claims.set(device, port);
    return true;
  }

  /** Where `device_add` puts it. */
  placeOf(device: string): { bus?: string } {
    this.claim(device);
    const port = this.#claims.get(device);
    return port ? { bus: port } : {};
  }
}
