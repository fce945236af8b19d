import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import { shownName } from "../../internal/oneLine.ts"
import * as options from "../../internal/options.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import type { Options } from "../Logging.ts"
import type * as annotations from "./annotations.ts"

export interface Config extends annotations.Config {
  readonly level: LogLevel.Severity
  readonly failureLevel: LogLevel.Severity
  readonly logStart: boolean
}

export const validate = Effect.fnUntraced(function* (config: Options): Effect.fn.Return<Config, StoreSetupError> {
  return {
    level: yield* severity("level", config.level ?? "Info"),
    failureLevel: yield* severity("failureLevel", config.failureLevel ?? "Warn"),
    logStart: config.logStart ?? false,
    logKeys: config.logKeys ?? true,
    logValues: config.logValues ?? false,
    maxValueLength: yield* options.integer("Logging", "maxValueLength", config.maxValueLength ?? 1000, 0),
    store: config.store === undefined ? undefined : shownName(config.store)
  }
})

const severities: ReadonlyArray<string> = LogLevel.values.filter((level) => level !== "All" && level !== "None")

const severity = (name: string, level: LogLevel.Severity): Effect.Effect<LogLevel.Severity, StoreSetupError> =>
  Effect.as(
    options.check(
      "Logging",
      severities.includes(level),
      `${name} must be one of ${severities.join(", ")}, not ${level}`
    ),
    level
  )
