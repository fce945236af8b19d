/**
 * Logs every operation with Effect's logger.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { around, type Filter } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import { errorOf } from "../driver/outcome.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { errorType } from "../telemetry/attributes.ts"
import { monotonicMillis } from "../time/clock.ts"
import type { Value } from "../Value.ts"
import { shownName } from "../value/oneLine.ts"
import * as annotations from "./logging/annotations.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Log level of operations that begin, succeed or are interrupted. Default: `"Info"`. */
  readonly level?: LogLevel.Severity | undefined
  /** Log level of operations that fail. Default: `"Warn"`. */
  readonly failureLevel?: LogLevel.Severity | undefined
  /** Whether to log a line when an operation begins, in addition to the one when it ends. Default: false. */
  readonly logStart?: boolean | undefined
  /** Whether to log keys: the first 5 of a batch, up to 256 characters each. Default: true. */
  readonly logKeys?: boolean | undefined
  /**
   * Whether to log values: the first 5 of a batch, as JSON, or only the length if the value is bytes. A function selects
   * what is logged for each value. Its result is formatted as JSON, with `Redacted` values as `<redacted>`. If it
   * throws, the line says that the value could not be shown. Default: false.
   */
  readonly logValues?: boolean | ((value: Value, call: Call) => unknown) | undefined
  /** Maximum number of characters of a value in a line. Default: 1,000. */
  readonly maxValueLength?: number | undefined
  /** Name of this store, the annotation `store` of its lines. Default: none. */
  readonly store?: string | undefined
}

/**
 * Logs every operation, with its collection and keys, its result and its duration.
 *
 * **When to use**
 *
 * Use it outermost to see what the application does, or inside `Retry` to see every attempt.
 *
 * **Details**
 *
 * The message is `get finished`, `get failed`, `get interrupted` or, with `logStart`, `get started`. All other facts are
 * annotations, for structured loggers:
 *
 * - `operation`, `collection` and `store`; `key`, or for a batch `keys` and `count`;
 * - `durationMs`; `hit`, or for a batch `hits` and `misses`; `deleted`; `applied` (of `Atomic`); `ttlMs`; `value` or `values`;
 * - for failures, `error` (the tag, or `"Defect"`), `retryable`, `outcome`, and the `code` of the cause, such as
 *   `ECONNREFUSED`. The `reason` may quote keys and values, so it is logged only with both `logKeys` and `logValues: true`.
 *
 * Long names, values and reasons are cut, and control characters and direction marks in them are escaped, so that each
 * operation is one line.
 *
 * A log level that is filtered out costs almost nothing. If a logger or `logValues` fails, the operation is not affected.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Gotchas**
 *
 * Keys and collections are logged as this level of the stack sees them: inside a prefix wrapper, with the prefix. Set
 * `logKeys` to false if keys are secrets or personal data.
 *
 * **Example** (Log at level Debug, and hide the values of users)
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { Logging, Memory } from "effect-kv"
 *
 * const Store = Memory.layer().pipe(
 *   Logging.wrap({ level: "Debug", logValues: (value, call) => (call.place.collection === "users" ? Redacted.make(value) : value) })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(
      described.read(config),
      (read) => (driver) => around(logging({ ...read, exactIntegers: driver.exactIntegers }))(driver)
    )
  )

const severities = LogLevel.values.filter((level) => level !== "All" && level !== "None")

/** @internal */
export const described = options.of<Options>()("Logging", {
  level: options.oneOf(severities, { default: "Info" }),
  failureLevel: options.oneOf(severities, { default: "Warn" }),
  logStart: options.boolean({ default: false }),
  logKeys: options.boolean({ default: true }),
  logValues: options.either([true, false], options.callback<(value: Value, call: Call) => unknown>(), {
    default: false
  }),
  maxValueLength: options.integer({ min: 0, default: 1000 }),
  store: options.map(options.text(), (store) => store && shownName(store))
})

type Config = annotations.Config & options.Values<typeof described>

const logging = (config: Config): Filter => {
  const level = LogLevel.getOrdinal(config.level)
  const failureLevel = LogLevel.getOrdinal(config.failureLevel)
  return (call, next) =>
    Effect.withFiber((fiber) => {
      const minimum = LogLevel.getOrdinal(fiber.cache.minimumLogLevel)
      const enabled = level >= minimum
      if (!enabled && failureLevel < minimum) return next(call)
      const clock = fiber.getRef(Clock.Clock)
      const start = monotonicMillis(clock)
      const operation = Effect.onExitPrimitive(
        Effect.suspend(() => next(call)),
        (exit) => {
          const failed = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
          if (!enabled && !failed) return undefined
          const durationMs = monotonicMillis(clock) - start
          return finished(config, call, exit, durationMs, clock.currentTimeMillisUnsafe())
        }
      )
      return config.logStart && enabled ? Effect.andThen(started(config, call), operation) : operation
    })
}

const started = (config: Config, call: Call): Effect.Effect<void> =>
  line(config.level, call, "started", () => annotations.ofCall(config, call))

const finished = (
  config: Config,
  call: Call,
  exit: Exit.Exit<unknown, unknown>,
  durationMs: number,
  now: number
): Effect.Effect<void> => {
  const about = () => ({ ...annotations.ofCall(config, call), durationMs })
  if (Exit.isSuccess(exit)) {
    return line(config.level, call, "finished", () => ({
      ...about(),
      ...annotations.ofResult(config, call, exit.value, now)
    }))
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return line(config.level, call, "interrupted", about)
  return line(config.failureLevel, call, "failed", () => ({
    ...about(),
    ...annotations.ofFailure(config, errorType(exit.cause), errorOf(exit.cause))
  }))
}

/** Logs a line. Ignores failures of loggers, so that they do not change the result of the operation. */
const line = (
  level: LogLevel.Severity,
  call: Call,
  status: "started" | "finished" | "failed" | "interrupted",
  about: () => annotations.Annotations
): Effect.Effect<void> =>
  Effect.ignoreCause(
    Effect.suspend(() => Effect.annotateLogs(Effect.logWithLevel(level)(`${call.place.operation} ${status}`), about()))
  )
