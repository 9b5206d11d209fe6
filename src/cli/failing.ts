import { messageOf } from "../base/errors.ts";

/** Names the operation in front of what went wrong. */
export async function failing<T>(operation: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${operation} ${messageOf(error)}`, { cause: error });
  }
}
