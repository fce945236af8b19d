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
 * Creates the file of a database if it is missing, so that it never has other permissions. SQLite gives the log the
 * same permissions. The directory of a path is created, too, but not that of a URI.
 *
 * Throws if the directory cannot be created. If the file cannot be created, SQLite reports the reason later.
 */
export const createUnsafe = (filename: string, { fileMode, directoryMode }: Modes): void => {
  if (isInMemory(filename)) return
  const path = isUri(filename) ? pathOfUri(filename) : filename
  if (!isUri(filename)) mkdirSync(dirname(filename), { recursive: true, mode: directoryMode })
  if (path === undefined) return
  // An existing file must not be opened here: closing it would release the locks that SQLite in this process holds on it.
  Result.try(() => closeSync(openSync(path, "wx", fileMode)))
  // `wx` fails for a symbolic link to a file that is missing.
  if (!existsSync(path)) Result.try(() => closeSync(openSync(path, "a", fileMode)))
}

/** Returns whether the file exists. Also returns `true` for a name that may be another kind of database. */
export const isThere = (filename: string): boolean => {
  const path = isUri(filename) ? pathOfUri(filename) : filename
  return path === undefined || existsSync(path)
}

/**
 * Returns why a filename is not valid, or `undefined`. In a URI, SQLite ends the path at `%00`, and reads other escapes
 * as bytes.
 */
export const problemOfFilename = (filename: string): string | undefined => {
  if (filename === "" || filename.includes("\0")) return "filename must not be empty or contain U+0000"
  const decoded = isUri(filename) ? decodedPathOf(filename) : ""
  return decoded === undefined || decoded.includes("\0")
    ? "the percent-encoding in a filename that is a URI must be UTF-8 without U+0000"
    : undefined
}

/**
 * Returns the file that SQLite creates for a URI, or `undefined` if there is none, such as for a database in memory.
 */
const pathOfUri = (uri: string): string | undefined => {
  const parameters = new URLSearchParams(partsOf(uri).query)
  const isCreated = (parameters.get("mode") ?? "rwc") === "rwc" && isOfFiles(parameters.get("vfs"))
  const path = decodedPathOf(uri) ?? ""
  return isCreated && path !== "" && !isInMemory(path) ? path.replace(/^\/(?=[A-Za-z]:\/)/, "") : undefined
}

/** Returns whether the VFS is one of SQLite's own VFSs for files. Others may interpret paths differently. */
const isOfFiles = (vfs: string | null): boolean => vfs === null || /^(?:unix|win32)\b/.test(vfs)

const decodedPathOf = (uri: string): string | undefined =>
  Result.getOrUndefined(Result.try(() => decodeURIComponent(partsOf(uri).path)))

const partsOf = (uri: string): { readonly path: string; readonly query: string } => {
  const [, path = "", query = ""] = /^file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)(?:\?([^#]*))?/s.exec(uri) ?? []
  return { path, query }
}
