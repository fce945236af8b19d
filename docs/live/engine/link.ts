/** A scenario as the fragment of a link, and back. */
import { Option, Result, Schema } from "effect"
import type { Fault, Reads, Scenario, Wrapper, WrapperName } from "../model.ts"
import { defaultScenario } from "./presets.ts"
import { maxFaults, maxWrappers, ranges } from "./ranges.ts"
import { optionsOf, type Option as WrapperOption, wrapperNames, wrappers } from "./wrappers.ts"

export { maxFaults, maxWrappers, ranges } from "./ranges.ts"

/** The first part of a link. A later version of the page that reads other links gets another one. */
const version = "1"

export interface Decoded {
  readonly scenario: Scenario
  /** Why the scenario is not the one that the link was meant for, as a sentence for the reader. */
  readonly problem: string | undefined
}

/**
 * Writes a scenario as text that needs no escaping in the fragment of a URL. Options that have their default are left out.
 *
 * The text has these parts, separated by `~`: version, wrappers, faults, load, latency, seconds, seed. It ends with a digit,
 * because programs that find links in text leave out punctuation at their end.
 */
export const encode = ({ seed, seconds, stack, load, latency, faults }: Scenario): string =>
  [
    version,
    stack.map(encodeWrapper).join(","),
    faults.map(({ kind, from, until, amount }) => [faultKinds.indexOf(kind), from, until, amount].join("_")).join(","),
    [load.rate, load.writes, load.keys, load.hot, reads.indexOf(load.reads), load.ttl].join("_"),
    [latency.p50, latency.p99].join("_"),
    seconds,
    seed
  ].join("~")

/** Reads what {@link encode} wrote. Any other text gives the default scenario and a problem, never an exception. */
export const decode = (text: string): Decoded => {
  const fragment = text.replace(/^#/, "")
  if (fragment === "") return { scenario: defaultScenario, problem: undefined }
  const [found, ...parts] = fragment.split("~")
  if (found !== version) {
    return failed(
      /^\d+$/.test(found!)
        ? "The link comes from another version of this page. Here is the default scenario instead."
        : "The link is damaged. Here is the default scenario instead."
    )
  }
  const scenario = Option.flatMap(parse(parts), (parsed) => Result.getSuccess(validate(parsed)))
  return Option.match(scenario, {
    onNone: () => failed("The link is damaged. Here is the default scenario instead."),
    onSome: (scenario) => ({ scenario, problem: undefined })
  })
}

const failed = (problem: string): Decoded => ({ scenario: defaultScenario, problem })

const reads: ReadonlyArray<Reads> = ["get", "get-then-load", "getOrSet"]
const faultKinds: ReadonlyArray<Fault["kind"]> = ["slow", "errors", "lost-replies", "silent", "outage"]

const encodeWrapper = (wrapper: Wrapper): string => {
  const set = optionsOf(wrapper)
  const changed = wrappers[wrapper.name].options.flatMap((option, i) =>
    set[option.name] === option.default ? [] : [`${i}-${encodeOption(option, set[option.name]!)}`]
  )
  return [wrapperNames.indexOf(wrapper.name), ...changed].join("_")
}

const encodeOption = (option: WrapperOption, value: number | string | boolean): number => {
  if (option.kind === "choice") return option.choices!.indexOf(String(value))
  return Number(value)
}

/** Turns the parts of a link into a scenario that may still have numbers that are not allowed. */
const parse = (parts: ReadonlyArray<string>): Option.Option<Scenario> => {
  if (parts.length !== 6) return Option.none()
  const numbers = (text: string): ReadonlyArray<number> => text.split("_").map(toNumber)
  const [stackText, faultsText, loadText, latencyText, secondsText, seedText] = parts as [
    string,
    string,
    string,
    string,
    string,
    string
  ]
  const [
    rate = Number.NaN,
    writes = Number.NaN,
    keys = Number.NaN,
    hot = Number.NaN,
    how = Number.NaN,
    ttl = Number.NaN
  ] = numbers(loadText)
  const [p50 = Number.NaN, p99 = Number.NaN] = numbers(latencyText)
  return Option.map(
    Option.all({
      how: Option.fromNullishOr(reads[how]),
      stack: Option.all(split(stackText).map(parseWrapper)),
      faults: Option.all(split(faultsText).map((text) => parseFault(numbers(text))))
    }),
    ({ how, stack, faults }) => ({
      seed: toNumber(seedText),
      seconds: toNumber(secondsText),
      stack,
      load: { rate, writes, keys, hot, reads: how, ttl },
      latency: { p50, p99 },
      faults
    })
  )
}

const split = (text: string): ReadonlyArray<string> => (text === "" ? [] : text.split(","))

/** `Number` would read "" as 0. */
const toNumber = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

const parseFault = ([
  kind,
  from = Number.NaN,
  until = Number.NaN,
  amount = Number.NaN
]: ReadonlyArray<number>): Option.Option<Fault> =>
  Option.map(Option.fromNullishOr(faultKinds[kind!]), (kind) => ({ kind, from, until, amount }))

const parseWrapper = (text: string): Option.Option<Wrapper> => {
  const [index, ...changed] = text.split("_")
  const name: WrapperName | undefined = wrapperNames[toNumber(index!)]
  if (name === undefined) return Option.none()
  const options = changed.map((text) => parseOption(name, text))
  return Option.map(Option.all(options), (options) => ({ name, options: Object.fromEntries(options) }))
}

const parseOption = (name: WrapperName, text: string): Option.Option<readonly [string, number | string | boolean]> => {
  const at = text.indexOf("-")
  const option = wrappers[name].options[toNumber(text.slice(0, at))]
  const value = toNumber(text.slice(at + 1))
  if (at < 1 || option === undefined) return Option.none()
  switch (option.kind) {
    case "boolean":
      return value === 0 || value === 1 ? Option.some([option.name, value === 1]) : Option.none()
    case "choice":
      return Option.map(Option.fromNullishOr(option.choices![value]), (choice) => [option.name, choice])
    default: {
      const isValid =
        value >= option.min! && value <= option.max! && (option.kind !== "integer" || Number.isInteger(value))
      return isValid ? Option.some([option.name, value]) : Option.none()
    }
  }
}

const between = ({ min, max }: { readonly min: number; readonly max: number }) =>
  Schema.Number.check(Schema.isBetween({ minimum: min, maximum: max }))

const whole = (range: { readonly min: number; readonly max: number }) => between(range).check(Schema.isInt())

const ScenarioSchema = Schema.Struct({
  seed: whole(ranges.seed),
  seconds: whole(ranges.seconds),
  stack: Schema.Array(Schema.Any).check(Schema.isMaxLength(maxWrappers)),
  load: Schema.Struct({
    rate: between(ranges.rate),
    writes: between(ranges.fraction),
    keys: whole(ranges.keys),
    hot: between(ranges.fraction),
    reads: Schema.Literals(reads),
    ttl: between(ranges.ttl)
  }),
  latency: Schema.Struct({ p50: between(ranges.p50), p99: between(ranges.p99) }),
  faults: Schema.Array(
    Schema.Struct({
      kind: Schema.Literals(faultKinds),
      from: between({ min: 0, max: ranges.seconds.max }),
      until: between({ min: 0, max: ranges.seconds.max }),
      amount: between(ranges.slow)
    }).check(Schema.makeFilter(({ kind, amount }) => kind === "slow" || amount <= 1))
  ).check(Schema.isMaxLength(maxFaults))
})

const validate = (scenario: Scenario): Result.Result<Scenario, unknown> =>
  Schema.decodeUnknownResult(ScenarioSchema)(scenario) as Result.Result<Scenario, unknown>
