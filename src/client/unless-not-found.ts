import { isStatus } from "../base/errors.ts";

/** Undefined when the API server has no such object; every other failure is thrown. */
export async function unlessNotFound<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
