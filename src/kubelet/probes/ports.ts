import type { Container } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";

/** A port by number, or by the name that the container gave it. */
export function portNumber(container: Container, port: number | string | undefined): number {
  const named = (container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new TerminalError("ProbeError", `container ${container.name} has no port ${JSON.stringify(port)}`);
  }
  return number;
}
