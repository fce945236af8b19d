import { closeSync, existsSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import * as Result from "effect/Result"

/** The permissions of new files and directories. */
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
  if (path === undefined) return
  // An existing file must not be opened here: closing it would drop the locks that SQLite holds on it in this process.
  Result.try(() => closeSync(openSync(path, "wx", fileMode)))
  // A symbolic link is there already, though it may lead to a file that is not.
  if (!existsSync(path)) Result.try(() => closeSync(openSync(path, "a", fileMode)))
}

/** Whether there is a file. A name that may be another kind of database counts as one. */
export const isThere = (filename: string): boolean => {
  const path = isUri(filename) ? pathOfUri(filename) : filename
  return path === undefined || existsSync(path)
}

/** Why a file cannot have this name; `undefined` if it can. SQLite ends a URI's path at `%00`, and reads other escapes as bytes. */
export const problemOfFilename = (filename: string): string | undefined => {
  if (filename === "" || filename.includes("\0")) return "filename must not be empty or have U+0000"
  const decoded = isUri(filename) ? decodedPathOf(filename) : ""
  return decoded === undefined || decoded.includes("\0")
    ? "the escapes of a filename that is a URI must be UTF-8 without U+0000"
    : undefined
}

/** The file that a URI lets SQLite create; `undefined` when it names none, such as a database in memory. */
const pathOfUri = (uri: string): string | undefined => {
  const parameters = new URLSearchParams(partsOf(uri).query)
  const isCreated = (parameters.get("mode") ?? "rwc") === "rwc" && isOfFiles(parameters.get("vfs"))
  const path = decodedPathOf(uri) ?? ""
  return isCreated && path !== "" && !isInMemory(path) ? path.replace(/^\/(?=[A-Za-z]:\/)/, "") : undefined
}

/** Whether the VFS is one of SQLite's own for files. Others may read paths in their own way. */
const isOfFiles = (vfs: string | null): boolean => vfs === null || /^(?:unix|win32)\b/.test(vfs)

const decodedPathOf = (uri: string): string | undefined =>
  Result.getOrUndefined(Result.try(() => decodeURIComponent(partsOf(uri).path)))

const partsOf = (uri: string): { readonly path: string; readonly query: string } => {
  const [, path = "", query = ""] = /^file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)(?:\?([^#]*))?/s.exec(uri) ?? []
  return { path, query }
}
