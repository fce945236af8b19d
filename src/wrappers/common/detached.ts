import type { Call } from "../../driver/Call.ts"

/** The same call for work that serves several callers or outlives its caller: without the caller's limits of time. */
export const detached = <C extends Call>(call: C): C => ({
  ...call,
  deadline: undefined,
  limit: undefined,
  holder: undefined
})
