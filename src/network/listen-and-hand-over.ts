/** The other end of ./listen-in-namespace.ts: `ADDRESS PORT`. Nobody accepts a connection here. */
import { createServer } from "node:net";

const [address, port] = process.argv.slice(2);
const server = createServer({ pauseOnConnect: true });
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  process.disconnect();
});
server.listen({ host: address, port: Number(port), backlog: 16 }, () => process.send?.("listening", server));
