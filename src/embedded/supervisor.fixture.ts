/** A supervisor as a process of its own, to be killed: keeps one sleeper running. Argument: its directory. */
import { join } from "node:path";
import pino from "pino";
import { Supervisor } from "./supervisor.ts";

const directory = process.argv[2] ?? "";
const log = pino({ level: "silent" });
const supervisor = new Supervisor({ pidDir: join(directory, "pid"), logDir: join(directory, "log"), log });
await supervisor.start({ name: "a", argv: ["sleep", "600"] });
