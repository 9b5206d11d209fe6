/**
 * fast-check, for tests of properties: the same cases in every run, so that a failure is of this change, and not of a lucky draw.
 *
 *   SEED=random npm run check    other cases; a failure tells its seed
 *   SEED=7 npm run check
 */
import fc from "fast-check";

const { SEED: asked = "1" } = process.env;

fc.configureGlobal({ seed: asked === "random" ? Date.now() : Number(asked) });

export default fc;
