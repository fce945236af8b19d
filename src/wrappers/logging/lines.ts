import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as LogLevel from "effect/LogLevel"
import type { Call } from "../../driver/Call.ts"
import { errorOf } from "../../driver/outcome.ts"
import { errorType } from "../../telemetry/attributes.ts"
import * as annotations from "./annotations.ts"

export interface Config extends annotations.Config {
  readonly level: LogLevel.Severity
  readonly failureLevel: LogLevel.Severity
}

export const started = (config: Config, call: Call): Effect.Effect<void> =>
  line(config.level, call, "started", () => annotations.ofCall(config, call))

export const finished = (
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
