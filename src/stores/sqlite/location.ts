import { closeSync, existsSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import * as Result from "effect/Result"

/** The permissions of what is made. */
export interface Modes {
  readonly fileMode: number
  readonly directoryMode: number
}

export const inMemory = ":memory:"

export const isInMemory = (filename: string): boolean => filename === inMemory

const isUri = (filename: string): boolean => filename.startsWith("file:")

/**
 * Makes the file of a database if it is missing, with its permissions from the beginning; SQLite gives the same ones to
 * the log beside it. The directory is made too, but not that of a URI. Throws when the directory cannot be made; SQLite
 * says what is wrong with the file.
 */
export const createUnsafe = (filename: string, { fileMode, directoryMode }: Modes): void => {
  if (isInMemory(filename)) return
  const path = isUri(filename) ? pathOfUri(filename) : filename
  if (!isUri(filename)) mkdirSync(dirname(filename), { recursive: true, mode: directoryMode })
  // An existing file must not be opened here: closing it would drop the locks that SQLite holds on it in this process.
  if (path !== undefined) Result.try(() => closeSync(openSync(path, "wx", fileMode)))
}

/** Whether there is a file, as far as the name tells. */
export const isThere = (filename: string): boolean => {
  const path = isUri(filename) ? pathOfUri(filename) : filename
  return path === undefined || existsSync(path)
}

/** The file that a URI lets SQLite create; `undefined` when it names none, such as a database in memory. */
const pathOfUri = (uri: string): string | undefined => {
  const [, path = "", query = ""] = /^file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)(?:\?([^#]*))?/s.exec(uri) ?? []
  const parameters = new URLSearchParams(query)
  const isCreated = (parameters.get("mode") ?? "rwc") === "rwc" && !parameters.has("vfs")
  const decoded = Result.getOrElse(
    Result.try(() => decodeURIComponent(path)),
    () => ""
  )
  return isCreated && decoded !== "" && !isInMemory(decoded) ? decoded.replace(/^\/(?=[A-Za-z]:\/)/, "") : undefined
}
