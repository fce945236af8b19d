/**
 * Which file an entry is in, and which entry is in a file.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import type { Files } from "./Files.ts"
import * as fileNames from "./fileNames.ts"
import type { Header } from "./header.ts"

const extension = ".json"

/** An entry that a listing found. */
export interface Found {
  readonly file: string
  readonly collection: string
  readonly key: string
  readonly expiresAt: number | undefined
}

/** Which entries a listing looks for. */
export interface Selection {
  readonly collection: (name: string) => boolean
  readonly key: (name: string) => boolean
}

export interface Layout {
  readonly directoryOf: (collection: string) => Effect.Effect<string>
  readonly fileOf: (directory: string, key: string) => Effect.Effect<string>
  /** Whether the names in a file fit its path. Only a path with a name that was cut can hold another entry. */
  readonly agrees: (file: string, header: Partial<Header>, collection: string, key: string) => boolean
  /** The directories of the collections that are selected, and of those with names that were cut. */
  readonly directories: (
    selected: (collection: string) => boolean
  ) => Effect.Effect<ReadonlyArray<string>, PlatformError>
  /** The entry in a file of a directory; `undefined` if it is not one of this library, or not selected. */
  readonly find: (
    directory: string,
    name: string,
    selection: Selection
  ) => Effect.Effect<Found | undefined, PlatformError>
}

export const make = Effect.fnUntraced(function* (files: Files) {
  const { path } = files
  const encode = yield* fileNames.makeEncode

  /** The name that a file or directory stands for. If it was cut, the recorded name is used. */
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

/** Whether a file's name may stand for a selected name. */
const mayBe = (base: string, selected: (name: string) => boolean): boolean => {
  const name = fileNames.decode(base)
  return name === undefined ? fileNames.isCut(base) : selected(name)
}
