/** The program of a stack, as a reader pastes it. Options that have the defaults of effect-kv are left out. */
import { type Config, type ConfigValue, configOf } from "../engine/config.ts"
import { wrappers } from "../engine/wrappers.ts"
import type { Scenario, Wrapper } from "../model.ts"

const times = new Set([
  "duration",
  "initialDelay",
  "maxDelay",
  "openFor",
  "maxWait",
  "maxTtl",
  "missingTtl",
  "maxStale",
  "settleTime"
])

/** Whether a number of an option is a time. `window` is one for RateLimit, and a number of calls for CircuitBreaker. */
const isTime = (wrapper: Wrapper, name: string): boolean =>
  times.has(name) || (name === "window" && wrapper.name === "RateLimit") || name === "after"

const units = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000]
] as const

/** A duration as Effect reads it, such as `"300 millis"`. */
export const duration = (millis: number): string => {
  const [unit, size] = units.find(([, size]) => millis >= size && millis % size === 0) ?? ["milli", 1]
  const amount = millis / size
  return `"${amount} ${unit}${amount === 1 ? "" : "s"}"`
}

const isUsual = (wrapper: Wrapper, name: string, value: ConfigValue, all: Config): boolean => {
  const of = name === "missingTtl" ? "maxTtl" : name
  const usual = wrappers[wrapper.name].options.find((option) => option.name === of)?.usual
  return value === usual || (name === "burst" && value === all.limit)
}

/** Groups that mean something even if they set nothing. */
const kept = new Set(["recovery"])

const fieldsOf = (wrapper: Wrapper, config: Config): ReadonlyArray<string> =>
  Object.entries(config).flatMap(([name, value]) => {
    if (isUsual(wrapper, name, value, config)) return []
    if (typeof value !== "object") {
      if (typeof value === "number") {
        return [`${name}: ${isTime(wrapper, name) ? duration(value) : count(value)}`]
      }
      return [`${name}: ${JSON.stringify(value)}`]
    }
    const fields = fieldsOf(wrapper, value)
    return fields.length === 0 && !kept.has(name) ? [] : [`${name}: ${braced(fields)}`]
  })

const count = (value: number): string =>
  Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, "_") : String(value)

const braced = (fields: ReadonlyArray<string>): string => (fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`)

/** The arguments of `wrap`. */
const argumentsOf = (wrapper: Wrapper): string => {
  const config = configOf(wrapper)
  switch (wrapper.name) {
    case "Timeout":
      return isUsual(wrapper, "duration", config.duration!, config) ? "" : duration(Number(config.duration))
    case "Deadline":
      return duration(Number(config.duration))
    case "Aead":
      return `{ keys: [{ id: "2026-12", key: Redacted.make(key) }] }`
    case "Fallback":
      return braced(["fallback: Memory.layer()", ...fieldsOf(wrapper, config)])
    case "PassthroughCache": {
      const { maxEntries = 10_000 } = wrapper.options
      return braced([`cache: Memory.layer({ maxEntries: ${count(Number(maxEntries))} })`, ...fieldsOf(wrapper, config)])
    }
    default: {
      const fields = fieldsOf(wrapper, config)
      return fields.length === 0 ? "" : braced(fields)
    }
  }
}

const width = 100

/** A call of a wrapper, with one option per line if it is too long for one. */
const callOf = (wrapper: Wrapper): string => {
  const call = `${wrapper.name}.wrap(${argumentsOf(wrapper)})`
  if (call.length + 2 <= width) return call
  const inner = /^(\w+\.wrap\()\{ (.*) \}\)$/.exec(call)
  if (inner === null) return call
  const fields = inner[2]!.split(/, (?=\w+: )(?![^{]*\})/)
  return `${inner[1]}{\n    ${fields.join(",\n    ")}\n  })`
}

export const codeOf = ({ stack }: Scenario): string => {
  const used = new Set<string>(stack.map(({ name }) => name))
  if (used.has("Fallback") || used.has("PassthroughCache")) used.add("Memory")
  const effect = used.has("Aead") ? `import { Redacted } from "effect"\n` : ""
  const names = [...used].sort()
  const own = names.length === 0 ? "" : `${importOf(names)}\n`
  const key = used.has("Aead") ? "\n// 32 bytes in base64: openssl rand -base64 32\ndeclare const key: string\n" : ""
  const wrapped = stack.length === 0 ? "" : `.pipe(\n  ${stack.map(callOf).join(",\n  ")}\n)`
  const store = `const Store = Redis.layer({ url: "redis://localhost:6379" })${wrapped}`
  return `${effect}${own}import * as Redis from "effect-kv/Redis"\n${key}\n${store}\n`
}

const importOf = (names: ReadonlyArray<string>): string => {
  const line = `import { ${names.join(", ")} } from "effect-kv"`
  return line.length <= width ? line : `import {\n  ${names.join(",\n  ")}\n} from "effect-kv"`
}

export interface Part {
  readonly text: string
  readonly kind: "text" | "keyword" | "string" | "number" | "comment" | "name"
}

const parts =
  /(\/\/[^\n]*)|("[^"]*")|\b(import|from|const|as|declare|string|true|false)\b|\b(\d[\d_.]*)\b|\b([A-Z]\w*)\b/g

/** Splits a program into parts of one color. */
export const highlight = (code: string): ReadonlyArray<Part> => {
  const kinds = ["comment", "string", "keyword", "number", "name"] as const
  const found: Array<Part> = []
  let last = 0
  for (const match of code.matchAll(parts)) {
    if (match.index > last) found.push({ text: code.slice(last, match.index), kind: "text" })
    found.push({ text: match[0], kind: kinds[match.slice(1).findIndex((it) => it !== undefined)]! })
    last = match.index + match[0].length
  }
  return [...found, { text: code.slice(last), kind: "text" }]
}
