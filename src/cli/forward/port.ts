/** One port of the guest and where it appears on this side. */
export interface ForwardedPort {
  protocol: "tcp" | "udp";
  local: number;
  remote: number;
}

/** Parses `[protocol/]localPort[:targetPort]`, e.g. `8080`, `8080:80`, `udp/5353:53`; local port 0 is any free one. */
export function parseForwardedPort(text: string): ForwardedPort {
  const match = /^(?:(?<protocol>tcp|udp)\/)?(?<local>\d+)(?::(?<remote>\d+))?$/i.exec(text);
  const { protocol = "tcp", local, remote = local } = match?.groups ?? {};
  const port = {
    protocol: protocol.toLowerCase() as "tcp" | "udp",
    local: Number(local),
    remote: Number(remote),
  };
  const valid = match && port.local <= 65_535 && port.remote >= 1 && port.remote <= 65_535;
  if (!valid)
    throw new Error(`port ${JSON.stringify(text)} is not of the form [protocol/]localPort[:targetPort], e.g. 8080:80`);
  return port;
}
