/** All options of the package, from their descriptions and docstrings. */
import { readdirSync, readFileSync } from "node:fs"
import type { Row } from "../../src/driver/options.ts"
import * as LoadingCache from "../../src/LoadingCache.ts"
import * as docstrings from "./docstrings.ts"

/** An option as the page shows it. */
export interface Option {
  readonly name: string
  readonly doc: string | undefined
  readonly allowed: string
  /** The default that is described, or `undefined`. */
  readonly described: string | undefined
  readonly isRequired: boolean
  /** The options of a group. */
  readonly parts: ReadonlyArray<Option>
}

/** The options of one function, or of several that share them. */
export interface Section {
  /** The module, and a function of it unless the options are those of its main function: `EffectStore.toKeyValueStore`. */
  readonly title: string
  /** How the functions are called. */
  readonly calls: ReadonlyArray<string>
  readonly from: string
  readonly options: ReadonlyArray<Option>
}

interface Chapter {
  readonly title: string
  readonly sections: ReadonlyArray<Section>
}

interface Described {
  readonly rows: ReadonlyArray<Row>
}

const isDescribed = (it: unknown): it is Described =>
  typeof it === "object" && it !== null && "rows" in it && "read" in it

/** Options that belong to another library, and the rates of all kinds of faults, which are documented together. */
const documentedTogether = /^(?:options|cluster\.options|cluster\.nodes|rates)\./

/** What is allowed, without what no reader of a table asks. */
const allowedFor = (allowed: string): string =>
  allowed
    .replace(/,? without lone surrogates/, "")
    .replace(/ \(well-formed, up to [\d,]+ bytes\)/, "")
    .replace(/\d{5,}/g, (digits) => Number(digits).toLocaleString("en"))

const optionsOf = (file: string, constant: string, { rows }: Described): ReadonlyArray<Option> => {
  const members = docstrings.membersOfDescribed(file, constant)
  const option = ({ name, allowed, default: described, isRequired }: Row): Option => {
    const member = docstrings.find(members, name)
    return {
      name,
      doc: member?.doc,
      allowed: allowedFor(allowed),
      described,
      isRequired: isRequired || member?.isRequired === true,
      parts: rows.filter((row) => row.name.startsWith(`${name}.`)).map(option)
    }
  }
  return requiredFirst(rows.filter(({ name }) => !documentedTogether.test(name)).map(option))
}

/** Options in the order in which a reader needs them. The parts of a group follow the group. */
const requiredFirst = (options: ReadonlyArray<Option>): ReadonlyArray<Option> => {
  const required = new Set(options.filter(({ isRequired }) => isRequired).map(({ name }) => name))
  const isFirst = ({ name }: Option) => required.has(name.split(".", 1)[0]!)
  return [...options.filter(isFirst), ...options.filter((option) => !isFirst(option))]
}

/** Options that a type declares, and no description. */
const optionsOfType = (file: string, type: string): ReadonlyArray<Option> =>
  requiredFirst(
    docstrings.membersOf(file, type).map(({ name, doc, type, isRequired }) => ({
      name,
      doc,
      allowed: allowedOf(file, type),
      described: undefined,
      isRequired,
      parts: []
    }))
  )

/** What a type allows, in the words of the descriptions. */
const allowedOf = (file: string, type: string): string => {
  const [, module] = /^(\w+)\.Options\b/.exec(type) ?? []
  if (module !== undefined) return `options of {@link ${module}}`
  const words: Readonly<Record<string, string>> = {
    string: "text",
    number: "a number",
    boolean: "true or false",
    "Duration.Input": "a duration",
    L: "a duration",
    "Iterable<string>": "several texts",
    "ReadonlyArray<C>": file.endsWith("Store.ts")
      ? "a list of tags, such as `Atomic.Atomic`"
      : 'a list of "Enumeration", "Maintenance" and "Atomic"',
    "Readonly<Record<string, string>>": "an object of texts",
    S: "a schema",
    F: "a schema",
    Rule: "a rule",
    "RequestResolver.RequestResolver<Get>": "a resolver",
    C: "a list of `Atomic.Atomic`, `Enumeration.Enumeration` and `Maintenance.Maintenance`",
    'Versions<S["Type"], V>': "a list of schemas, each with a function",
    "Schema.Codec<K, string>": "a codec from keys to strings"
  }
  const literals = docstrings.aliasOf(file, type) ?? type
  if (/^"/.test(literals)) return literals.replaceAll(" | ", " or ")
  if (/^Duration\.Input \| .*=>/.test(type)) return "a duration or a function"
  return words[type] ?? (type.includes("=>") ? "a function" : `\`${type}\``)
}

const filesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && name !== "index.ts")
    .sort()
    .map((name) => name.slice(0, -3))

const index = readFileSync("src/index.ts", "utf8")

/** The names that modules are imported by. */
export const importOf = (folder: string, module: string): string => {
  if (folder === "src/testing") return "effect-kv/testing"
  return new RegExp(`as ${module} `).test(index) ? "effect-kv" : `effect-kv/${module}`
}

/** The sections of a module: of its `layer` or `wrap`, and of its other functions that describe options. */
const sectionsOf = async (
  folder: string,
  module: string,
  /** The functions that take the options. */
  makerNames: ReadonlyArray<string> = ["layer", "wrap", "run"]
): Promise<ReadonlyArray<Section>> => {
  const file = `${folder}/${module}.ts`
  const exported: Readonly<Record<string, unknown>> = await import(new URL(`../../${file}`, import.meta.url).href)
  const callOf = (name: string) => `${module}.${name}(${docstrings.parametersOf(file, name).join(", ")})`
  const from = importOf(folder, module)
  const makers = makerNames.filter((name) => typeof exported[name] === "function")
  const others = Object.entries(exported).flatMap(([name, it]) => (isDescribed(it) ? [{ name, it }] : []))
  const sections = others.map(({ name, it }): Section => {
    const maker = `to${name[0]?.toUpperCase()}${name.slice(1, -"Options".length)}`
    return name === "described"
      ? { title: module, calls: makers.map(callOf), from, options: optionsOf(file, name, it) }
      : { title: `${module}.${maker}`, calls: [callOf(maker)], from, options: optionsOf(file, name, it) }
  })
  if (sections.length > 0 || makers.length === 0) return sections.sort((a, b) => (a.title < b.title ? -1 : 1))
  return [{ title: module, calls: makers.map(callOf), from, options: [] }]
}

/** The options of a module together with those that only its types check, such as schemas. */
const withTyped = (sections: ReadonlyArray<Section>, file: string, type: string): ReadonlyArray<Section> =>
  sections.map((section) => {
    const known = new Set(section.options.map(({ name }) => name))
    const more = optionsOfType(file, type).filter(({ name }) => !known.has(name))
    return { ...section, options: requiredFirst([...section.options, ...more]) }
  })

const chapterOf = async (title: string, folder: string, more: ReadonlyArray<Section> = []): Promise<Chapter> => ({
  title,
  sections: [...(await Promise.all(filesOf(folder).map((module) => sectionsOf(folder, module)))).flat(), ...more]
})

/** The options of methods and functions that a type declares. They are called in these ways. */
const typed = (title: string, calls: ReadonlyArray<string>, file: string, type: string): Section => ({
  title,
  calls,
  from: title === "StoreContract" ? "effect-kv/testing" : "effect-kv",
  options: optionsOfType(file, type)
})

/** All options of the package. */
export const chapters: ReadonlyArray<Chapter> = [
  await chapterOf("Stores", "src/stores"),
  await chapterOf("Wrappers", "src/wrappers"),
  {
    title: "Stacks, collections, caches, batches, rotation",
    sections: [
      typed("Stack", ["Stack.monitoring(options)", "Stack.development(options)"], "src/Stack.ts", "Options"),
      typed("Stack.production", ["Stack.production(options)"], "src/Stack.ts", "ProductionOptions"),
      typed("Stack.multiTenant", ["Stack.multiTenant(options)"], "src/Stack.ts", "MultiTenantOptions"),
      typed(
        "Collection",
        ["Collection.Service()(id, options)", "Collection.make(options)"],
        "src/collection/options.ts",
        "ServiceOptions"
      ),
      typed("Collection.put", ["users.put(key, value, options)"], "src/collection/options.ts", "PutOptions"),
      typed(
        "Collection.getOrSet",
        ["users.getOrSet(key, load, options)", "users.getOrSetMany(keys, load, options)"],
        "src/collection/options.ts",
        "GetOrSetOptions"
      ),
      typed("Collection.update", ["users.update(key, f, options)"], "src/collection/options.ts", "UpdateOptions"),
      typed("Collection.upgrade", ["users.upgrade(options)"], "src/collection/options.ts", "UpgradeOptions"),
      {
        title: "LoadingCache",
        calls: ["LoadingCache.Service()(id, options)", "LoadingCache.make(options)"],
        from: "effect-kv",
        options: optionsOf("src/LoadingCache.ts", "described", LoadingCache.described)
      },
      ...(await sectionsOf("src", "Batching", ["resolver"])),
      typed(
        "Batching.get",
        ["Batching.get(key, options)", "Batching.getFrom(collection, key, options)"],
        "src/Batching.ts",
        "WithResolver"
      ),
      typed("Rotation", ["Rotation.rotate(options)"], "src/Rotation.ts", "Options")
    ]
  },
  {
    title: "Services",
    sections: [
      typed(
        "KeyValue.put",
        ["kv.put(key, value, options)", "kv.putMany(entries, options)", "kv.touch(key, options)"],
        "src/KeyValue.ts",
        "PutOptions"
      ),
      typed("KeyValue.getOrSet", ["kv.getOrSet(key, load, options)"], "src/KeyValue.ts", "GetOrSetOptions"),
      typed("Atomic.update", ["atomic.update(key, f, options)"], "src/Atomic.ts", "UpdateOptions"),
      typed("Atomic.increment", ["atomic.increment(key, by, options)"], "src/Atomic.ts", "IncrementOptions"),
      typed(
        "Enumeration",
        ["enumeration.keys(options)", "enumeration.collections(options)"],
        "src/Enumeration.ts",
        "Options"
      ),
      typed("Health.check", ["health.check(options)"], "src/Health.ts", "CheckOptions"),
      typed("Health.reporter", ["Health.reporter(options)"], "src/Health.ts", "ReporterOptions"),
      typed("Store", ["Store.Service()(id, options)"], "src/Store.ts", "Options")
    ]
  },
  {
    title: "Leases",
    sections: [
      ...(await sectionsOf("src", "Lease", ["withLease", "acquire"])),
      ...withTyped(await sectionsOf("src", "Idempotency", ["once"]), "src/Idempotency.ts", "Options")
    ]
  },
  await chapterOf("Testing", "src/testing", [
    typed("StoreContract", ["StoreContract.cases(options)"], "src/testing/StoreContract.ts", "Options")
  ])
]

/** All sections, of all chapters. */
export const sections: ReadonlyArray<Section> = chapters.flatMap(({ sections }) => sections)
