import { isStatus } from "../../base/errors.ts";
import { accepted, type Answer } from "./context.ts";

const attempts = 5;

/** Decides on fresh objects, and again when somebody else wrote in between. */
export async function decideAndWrite<Decision>(
  decide: () => Promise<Decision>,
  write: (decision: Decision) => Promise<unknown>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const decision = await decide();
    try {
      await write(decision);
      return accepted;
    } catch (error) {
      if (!isStatus(error, "Conflict") || attempt === attempts) throw error;
    }
  }
}
