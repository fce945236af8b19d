import * as Context from "effect/Context"
import type { Severity } from "effect/LogLevel"
import type { Status } from "./Status.ts"

/**
 * The level of the log line for a change to each status. `"None"`: the change is not logged.
 *
 * @since 0.2.0
 */
export type Levels = Readonly<Record<Status, Severity | "None">>

/**
 * The levels at which changes of state are logged. They are read when a layer is built.
 *
 * **Details**
 *
 * Default: `{ up: "Info", degraded: "Warn", down: "Error" }`.
 *
 * **Example**
 *
 * ```ts
 * import { Layer } from "effect"
 * import { CircuitBreaker, Health, Memory } from "effect-kv"
 *
 * const quiet = Layer.succeed(Health.LogLevels, { up: "Debug", degraded: "Info", down: "Warn" })
 *
 * const Store = Memory.layer().pipe(CircuitBreaker.wrap(), Layer.provide(quiet))
 * ```
 *
 * @since 0.2.0
 */
export const LogLevels = Context.Reference<Levels>("effect-kv/Health/LogLevels", {
  defaultValue: () => ({ up: "Info", degraded: "Warn", down: "Error" })
})
