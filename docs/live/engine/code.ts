/** The stack of a scenario as the TypeScript that a reader would paste into a program. */
import type { Wrapper } from "../model.ts"
import { type Config, type ConfigValue, configOf, times } from "./config.ts"
import { wrappers } from "./wrappers.ts"

/** Writes a program with the stack. */
export const codeOf = (stack: ReadonlyArray<Wrapper>): string => {
  const names = new Set<string>(stack.map(({ name }) => name))
  if (names.has("PassthroughCache")) names.add("Memory")
  const imports = [...names].sort((a, b) => a.localeCompare(b))
  const store = 'Redis.layer({ url: "redis://localhost:6379" })'
  return [
    ...(names.has("Aead") ? ['import { Redacted } from "effect"'] : []),
    ...(imports.length > 0 ? [`import { ${imports.join(", ")} } from "effect-kv"`] : []),
    'import * as Redis from "effect-kv/Redis"',
    ...(names.has("Fallback") ? ['import * as Sqlite from "effect-kv/Sqlite"'] : []),
    "",
    ...(names.has("Aead") ? ["declare const key: string", ""] : []),
    stack.length === 0
      ? `export const Store = ${store}`
      : `export const Store = ${store}.pipe(\n${stack.map((wrapper) => `  ${callOf(wrapper)}`).join(",\n")}\n)`,
    ""
  ].join("\n")
}

/** Writes one wrapper, such as `Timeout.wrap("300 millis")`. */
export const callOf = (wrapper: Wrapper): string => {
  const { name } = wrapper
  const config = withoutUsual(wrapper, configOf(wrapper))
  switch (name) {
    case "Timeout":
    case "Deadline":
      return `${name}.wrap(${config.duration === undefined ? "" : printed("duration", config.duration)})`
    case "Aead":
      return 'Aead.wrap({ keys: [{ id: "2026-12", key: Redacted.make(key) }] })'
    case "Fallback":
      return call(name, [`fallback: Sqlite.layer({ filename: "outage.sqlite" })`, ...fields(config)])
    case "PassthroughCache":
      return call(name, [
        `cache: Memory.layer({ maxEntries: ${Number(wrapper.options.maxEntries ?? 10_000)} })`,
        ...fields(config)
      ])
    default:
      return call(name, fields(config))
  }
}

const call = (name: string, fields: ReadonlyArray<string>): string =>
  fields.length === 0 ? `${name}.wrap()` : `${name}.wrap({ ${fields.join(", ")} })`

const fields = (config: Config, inside?: string): ReadonlyArray<string> =>
  Object.entries(config).map(([name, value]) => `${name}: ${printed(name, value, inside)}`)

const printed = (name: string, value: ConfigValue, inside?: string): string => {
  if (typeof value === "object") {
    return Object.keys(value).length === 0 ? "{}" : `{ ${fields(value, name).join(", ")} }`
  }
  // `window` is a time in RateLimit, and a number of calls in the `trip` of CircuitBreaker.
  return typeof value === "number" && times.has(name) && inside !== "trip" ? printedTime(value) : JSON.stringify(value)
}

const printedTime = (millis: number): string => {
  if (millis >= 1000 && millis % 1000 === 0) return `"${millis / 1000} ${millis === 1000 ? "second" : "seconds"}"`
  return `"${millis} millis"`
}

/** Leaves out options that have the default of effect-kv. */
const withoutUsual = ({ name }: Wrapper, config: Config): Config => {
  const usual = new Map(wrappers[name].options.map((option) => [option.name, option.usual]))
  const keep = (config: Config): Config =>
    Object.fromEntries(
      Object.entries(config).flatMap(([key, value]): ReadonlyArray<[string, ConfigValue]> => {
        if (typeof value !== "object") return value === usual.get(key) ? [] : [[key, value]]
        const inner = keep(value)
        return Object.keys(inner).length === 0 && key !== "recovery" ? [] : [[key, inner]]
      })
    )
  return keep(config)
}
