import * as Result from "effect/Result"
import * as utf8 from "../value/utf8.ts"

export const maxNameBytes = 65_536

/** Why no store can hold this name, or a name that starts with this prefix, if so. */
export const problemOf = (name: unknown, what: "key" | "collection" | "prefix" | "name"): string | undefined => {
  if (typeof name !== "string") return `a ${what} is a string, not ${name === null ? "null" : typeof name}`
  if (!name.isWellFormed()) return `the ${what} has a lone surrogate, which UTF-8 cannot hold`
  return name.length > maxNameBytes / 3 && utf8.length(name) > maxNameBytes
    ? `the ${what} has more than ${maxNameBytes} bytes`
    : undefined
}

/** A name as errors show it, also one that is no string, and cannot be made one. */
export const shown = (name: unknown): string =>
  typeof name === "string"
    ? name
    : Result.getOrElse(
        Result.try(() => String(name)),
        () => typeof name
      )
