/** Tests that the docstrings of options agree with their descriptions. */
import { assert, describe, it } from "@effect/vitest"
import { defaultOf } from "./docstrings.ts"
import { type Option, sections } from "./options.ts"

const options = sections.flatMap(({ title, options }) => options.map((option) => ({ title, option })))

/** The options that fail a check, by name. */
const failing = (check: (option: Option) => boolean): ReadonlyArray<string> =>
  options.filter(({ option }) => !check(option)).map(({ title, option }) => `${title}: ${option.name}: ${option.doc}`)

/** One form of a default, whether it is written in code or in words. */
const normalized = (text: string): string =>
  text
    .replaceAll(/["`]/g, "")
    .replaceAll(/(?<=\d),(?=\d{3})/g, "")
    .replaceAll(/\bmillis\b/g, "milliseconds")

/** The default of a group as its parts have it. */
const ofParts = ({ name, parts }: Option): string => {
  const own = parts.filter(({ described }) => described !== undefined)
  return `{ ${own.map((part) => `${part.name.slice(name.length + 1)}: ${numberOf(part.described)}`).join(", ")} }`
}

/** `"20, or …"` is 20. */
const numberOf = (described: string | undefined): string | undefined => described?.replace(/(?<=^\d+),.*$/, "")

/** Defaults that no description knows: the URL of ioredis. */
const described = (option: Option): string =>
  option.name === "url" ? "redis://localhost:6379" : (option.described ?? "none")

const agrees = (option: Option): boolean => {
  const documented = defaultOf(option.doc ?? "")
  if (option.isRequired) return documented === undefined
  if (documented === undefined) return false
  return [described(option), ofParts(option)].some((it) => normalized(it) === normalized(documented))
}

describe("the docstrings of options", () => {
  it("exist for every option", () => {
    assert.isAbove(options.length, 150)
    assert.deepStrictEqual(
      failing(({ doc }) => doc !== undefined && /^[A-Z].* .*\.$/.test(doc)),
      []
    )
  })

  it("end with the default of every option that is not required", () => {
    assert.deepStrictEqual(
      failing(({ doc, isRequired }) => (doc?.match(/Default: /g)?.length ?? 0) === (isRequired ? 0 : 1)),
      []
    )
    assert.deepStrictEqual(
      failing(({ doc, isRequired }) => isRequired || defaultOf(doc ?? "") !== undefined),
      []
    )
  })

  it("state the default that is described", () => {
    // Options of methods and of these modules have no description.
    const undescribed =
      /^(?:Stack|Collection|KeyValue|Atomic|Enumeration|Store|Rotation|StoreContract|Health|Batching\.get)\b/
    const typedOnly = ["Idempotency: success", "Idempotency: error"]
    const disagreeing = options.filter(
      ({ title, option }) =>
        !undescribed.test(title) && !typedOnly.includes(`${title}: ${option.name}`) && !agrees(option)
    )
    assert.deepStrictEqual(
      disagreeing.map(({ title, option }) => [title, option.name, option.described, option.doc]),
      []
    )
  })
})

describe("the unit of an option", () => {
  const isDuration = (allowed: string) => /\bduration\b/.test(allowed)

  it("is never a choice between a duration and a bare number, which would be milliseconds in one case only", () => {
    assert.deepStrictEqual(
      failing(({ allowed }) => !(isDuration(allowed) && /\b(?<!whole )numbers?\b/.test(allowed))),
      []
    )
  })

  it("is said by the docstring of every bare number", () => {
    // What the number counts, or what it is a part or a multiple of.
    const says = /\b(fraction|factor|how many|number of|retries|level|attempts|calls|seed|counter)\b/i
    const isNumber = (allowed: string) => /\bnumber\b/.test(allowed.replaceAll(/"[^"]*"/g, ""))
    assert.deepStrictEqual(
      failing(({ allowed, doc }) => !isNumber(allowed) || says.test(doc ?? "")),
      []
    )
  })
})
