import { spawn } from "node:child_process";
import http, { type IncomingMessage, type Server } from "node:http";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { remoteCommandOptions, streamTypes } from "../../src/streams/remote-command-channels.ts";
import { SpdyConnection } from "../../src/streams/spdy/connection.ts";
import type { SpdyStream } from "../../src/streams/spdy/stream.ts";

/**
 * The far end of exec and port-forward for tests without containers: runs the command on this machine, connects
 * to its loopback. It speaks SPDY/3.1 as a kubelet does.
 */
export async function startShellKubelet(): Promise<{ port: number; close: () => void }> {
  const server = http.createServer((_req, res) =>
    res.writeHead(404, { "content-type": "text/plain" }).end("no such pod"),
  );
  server.on("upgrade", (req, socket) => {
    const protocol = String(req.headers["x-stream-protocol-version"]).split(", ")[0];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    if (req.url?.startsWith("/portForward")) servePortForward(socket);
    else serveExec(req, socket);
  });
  return listen(server);
}

export async function listen(server: Server): Promise<{ port: number; close: () => void }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function serveExec(req: IncomingMessage, socket: Duplex): void {
  const query = new URL(req.url ?? "/", "http://kubelet").searchParams;
  const expected = streamTypes(remoteCommandOptions(query)).length;
  const streams = new Map<string, SpdyStream>();
  const connection = new SpdyConnection(socket, {
    role: "server",
    onStream: (stream) => {
      streams.set(stream.headers["streamtype"] ?? "", stream);
      if (streams.size === expected) run(query.getAll("command"), streams, connection);
    },
  });
}

function run([program = "", ...args]: string[], streams: Map<string, SpdyStream>, connection: SpdyConnection): void {
  const child = spawn(program, args);
  const stdin = streams.get("stdin");
  if (stdin) stdin.pipe(child.stdin);
  else child.stdin.end();
  child.stdout.on("data", (chunk: Buffer) => streams.get("stdout")?.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => streams.get("stderr")?.write(chunk));
  // What the client types into the terminal's size arrives as JSON on the resize stream.
  streams.get("resize")?.on("data", (chunk: Buffer) => streams.get("stdout")?.write(chunk));
  void connection.closed.then(() => child.kill());
  child.on("close", (code) => {
    streams.get("error")?.end(JSON.stringify(exitStatus(code ?? 137)));
    streams.get("stdout")?.end();
    streams.get("stderr")?.end();
    streams.get("error")?.on("finish", () => connection.close());
  });
}

function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: "Success" };
  const causes = [{ reason: "ExitCode", message: String(code) }];
  const message = `command terminated with non-zero exit code: exit status ${code}`;
  return { metadata: {}, status: "Failure", message, reason: "NonZeroExitCode", details: { causes } };
}

/** Each forwarded connection has two streams of one request id: data, and errors, whose end says "all is well". */
function servePortForward(socket: Duplex): void {
  const errors = new Map<string, SpdyStream>();
  const connection = new SpdyConnection(socket, {
    role: "server",
    onStream: (stream) => {
      const { streamtype, port, requestid = "" } = stream.headers;
      if (streamtype === "error") {
        errors.set(requestid, stream);
        return;
      }
      const target = net.connect(Number(port), "127.0.0.1");
      target.on("error", () => connection.destroy());
      target.on("close", () => errors.get(requestid)?.end());
      stream.pipe(target).pipe(stream);
    },
  });
}
