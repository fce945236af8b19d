/**
 * The mapping between entries and files.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import type { Files } from "./Files.ts"
import * as fileNames from "./fileNames.ts"
import type { Header } from "./header.ts"

const extension = ".json"

/** An entry in a file, as a listing finds it. */
export interface Found {
  readonly file: string
  readonly collection: string
  readonly key: string
  readonly expiresAt: number | undefined
}

/** The entries that a listing looks for. */
export interface Selection {
  readonly collection: (name: string) => boolean
  readonly key: (name: string) => boolean
}

export interface Layout {
  readonly directoryOf: (collection: string) => Effect.Effect<string>
  readonly fileOf: (directory: string, key: string) => Effect.Effect<string>
  /**
   * Returns whether the names in a file match its path. Only a path with a truncated name may belong to another entry.
   */
  readonly agrees: (file: string, header: Partial<Header>, collection: string, key: string) => boolean
  /** Returns the directories of the selected collections, and all directories with truncated names. */
  readonly directories: (
    selected: (collection: string) => boolean
  ) => Effect.Effect<ReadonlyArray<string>, PlatformError>
  /** Returns the entry in a file, or `undefined` if effect-kv did not write it or it is not selected. */
  readonly find: (
    directory: string,
    name: string,
    selection: Selection
  ) => Effect.Effect<Found | undefined, PlatformError>
}

export const make = Effect.fnUntraced(function* (files: Files) {
  const { path } = files
  const encode = yield* fileNames.makeEncode

  /** Returns the name of a file or directory. If its file name is truncated, uses the name that the entry contains. */
  const nameOf = (base: string, recorded: string | undefined): Effect.Effect<string | undefined> => {
    const name = fileNames.decode(base)
    if (name !== undefined || recorded === undefined) return Effect.succeed(name)
    return Effect.map(encode(recorded), (encoded) => (encoded === base ? recorded : undefined))
  }

  const layout: Layout = {
    directoryOf: (collection) => Effect.map(encode(collection), (name) => path.join(files.root, name)),
    fileOf: (directory, key) => Effect.map(encode(key), (name) => path.join(directory, name + extension)),
    agrees: (file, header, collection, key) =>
      (!fileNames.isCut(path.basename(file, extension)) || header.key === key) &&
      (!fileNames.isCut(path.basename(path.dirname(file))) || header.collection === collection),
    directories: (selected) =>
      Effect.map(files.list(files.root, "Directory"), (names) =>
        names.filter((name) => mayBe(name, selected)).map((name) => path.join(files.root, name))
      ),
    find: Effect.fnUntraced(function* (directory, name, selection) {
      const base = path.basename(name, extension)
      if (base === name || !mayBe(base, selection.key)) return undefined
      const file = path.join(directory, name)
      const header = yield* files.header(file)
      if (header === undefined || header === "unknown") return undefined
      const key = yield* nameOf(base, header.key)
      const collection = yield* nameOf(path.basename(directory), header.collection)
      if (key === undefined || collection === undefined) return undefined
      if (!selection.key(key) || !selection.collection(collection)) return undefined
      return { file, collection, key, expiresAt: header.expiresAt }
    })
  }
  return layout
})

/** Returns whether a file name may be that of a selected name. */
const mayBe = (base: string, selected: (name: string) => boolean): boolean => {
  const name = fileNames.decode(base)
  return name === undefined ? fileNames.isCut(base) : selected(name)
}
