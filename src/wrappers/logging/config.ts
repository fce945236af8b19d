import * as LogLevel from "effect/LogLevel"
import type { Call } from "../../driver/Call.ts"
import { shownName } from "../../internal/oneLine.ts"
import * as options from "../../internal/options.ts"
import type { Value } from "../../Value.ts"
import type { Options } from "../Logging.ts"

const severities = LogLevel.values.filter((level) => level !== "All" && level !== "None")

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

export type Config = options.Values<typeof described>
