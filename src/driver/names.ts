import * as Result from "effect/Result"
import * as utf8 from "../value/utf8.ts"

export const maxNameBytes = 65_536

/** Returns why no store can have this name, or a name with this prefix. Returns `undefined` for a valid one. */
export const problemOf = (name: unknown, what: "key" | "collection" | "prefix" | "name"): string | undefined => {
  if (typeof name !== "string") return `a ${what} must be a string, not ${name === null ? "null" : typeof name}`
  if (!name.isWellFormed()) return `the ${what} contains a lone surrogate, which UTF-8 cannot encode`
  return name.length > maxNameBytes / 3 && utf8.length(name) > maxNameBytes
    ? `the ${what} is longer than ${maxNameBytes} bytes`
    : undefined
}

/** Formats a name for an error, even if it is not a string and cannot be converted to one. */
export const shown = (name: unknown): string =>
  typeof name === "string"
    ? name
    : Result.getOrElse(
        Result.try(() => String(name)),
        () => typeof name
      )
