/** The capabilities of stores and wrappers, from the types of their `layer` and `wrap`. */
import * as docstrings from "./docstrings.ts"
import { markup, type Page } from "./markdown.ts"
import type { Module } from "./modules.ts"

export const all = ["Enumeration", "Maintenance", "Atomic"] as const

export type Capability = (typeof all)[number]

const signatureOf = ({ file, primary }: Module): string =>
  docstrings.exportsOf(file).find(({ name }) => name === primary)?.signature ?? ""

/** The capabilities that a store has. */
export const provided = (module: Module): ReadonlyArray<Capability> => {
  const [, services = ""] = /: Layer\.Layer<([^,]*),/.exec(signatureOf(module)) ?? []
  return all.filter((name) => services.split(" | ").includes(name))
}

/** The arguments of a type such as `WrapperOver<readonly [Store], Atomic, StoreSetupError>`. */
const argumentsOf = (type: string): ReadonlyArray<string> => {
  const parts: Array<string> = [""]
  let depth = 0
  for (const character of type) {
    if ("<[".includes(character)) depth++
    if (">]".includes(character)) depth--
    if (character === "," && depth === 0) parts.push("")
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim())
}

export interface Effects {
  /** Capabilities that the wrapped layer loses. */
  readonly removed: ReadonlyArray<Capability>
  /** Services that the wrapper adds. */
  readonly added: ReadonlyArray<string>
  /** Whether the layer has only capabilities that several stores have. */
  readonly combines: boolean
  /** Capabilities that are lost if a store cannot list its keys. */
  readonly needListing: ReadonlyArray<Capability>
}

/** What a wrapper does to the capabilities of the wrapped layer. */
export const effectsOf = (module: Module): Effects => {
  const [, kind, types = ""] = /: (Wrapper|WrapperOver)<(.*)>$/.exec(signatureOf(module)) ?? []
  const [first = "never", second = "never", , fourth = "never"] = argumentsOf(types)
  const named = (type: string) => all.filter((name) => type.split(" | ").includes(name))
  if (kind === "Wrapper") {
    return { removed: [], added: first === "never" ? [] : [first], combines: false, needListing: [] }
  }
  return { removed: named(second), added: [], combines: first !== "readonly []", needListing: named(fourth) }
}

const list = (names: ReadonlyArray<string>): string => {
  const codes = names.map((name) => `\`${name}\``)
  return codes.length < 2 ? codes.join("") : `${codes.slice(0, -1).join(", ")} and ${codes[codes.length - 1]}`
}

/** What a store or wrapper does to capabilities, as text. */
export const shortText = (module: Module): string => {
  if (module.folder === "stores") return list(provided(module))
  const { removed, added, combines, needListing } = effectsOf(module)
  return [
    combines ? "those that all stores have" : "kept",
    ...(removed.length > 0 ? [`without ${list(removed)}`] : []),
    ...(needListing.length > 0 ? [`${list(needListing)} only if all stores have \`Enumeration\``] : []),
    ...(added.length > 0 ? [`adds ${list(added)}`] : [])
  ].join(", ")
}

const sentence = (module: Module): string => {
  if (module.folder === "stores") {
    const missing = all.filter((name) => !provided(module).includes(name))
    const has = `Capabilities: ${list(provided(module))}.`
    return missing.length === 0 ? has : `${has} It does not have ${list(missing)}.`
  }
  const { removed, added, combines } = effectsOf(module)
  if (removed.length === 0 && added.length === 0 && !combines)
    return "Capabilities: the layer keeps those of the wrapped store."
  return `Capabilities: ${shortText(module)}.`
}

/** The line about capabilities on the page of a store or wrapper. */
export const capabilitiesOf = (page: Page, module: Module): ReadonlyArray<string> =>
  module.folder === "modules" ? [] : [markup(page, sentence(module)), ""]
