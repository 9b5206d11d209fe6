/** In milliseconds. A timer for longer than this fires at once. */
export const longestTimerMs = 2 ** 31 - 1;
