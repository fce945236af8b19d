/**
 * Lists entries, and removes entries in bulk.
 */
import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import { hasExpired } from "../common/hasExpired.ts"
import { toStoreFailure, tracked } from "./errors.ts"
import { type Files, forEachFile } from "./Files.ts"
import type { Layout, Selection } from "./layout.ts"
import { removeFile, removeIfExpired } from "./removal.ts"
import * as Walk from "./Walk.ts"

/** The number of files that one page of a removal checks. */
const pageSize = 256

export const keys = (files: Files, layout: Layout) => (call: Call.Keys) =>
  Effect.gen(function* () {
    const position = yield* startAt(call.cursor, directoryIfThere(files, layout, call.collection))
    const names: Array<string> = []
    const selection = { collection: is(call.collection), key: startsWith(call.prefix) }
    const { next } = yield* Walk.page(
      files,
      position,
      call.pageSize,
      Effect.fnUntraced(function* (directory, name) {
        const found = yield* layout.find(directory, name, selection)
        if (found === undefined || (yield* hasExpired(found))) return false
        names.push(found.key)
        return true
      })
    )
    return { names, next }
  }).pipe(Effect.mapError(toStoreFailure(call.place)))

export const collections = (files: Files, layout: Layout) => (call: Call.Collections) =>
  Effect.gen(function* () {
    const directories = (call.cursor ?? (yield* layout.directories(startsWith(call.prefix)))) as ReadonlyArray<string>
    const selection = { collection: startsWith(call.prefix), key: startsWith(call.keyPrefix) }
    const names = yield* forEachFile(directories.slice(0, call.pageSize), (directory) =>
      collectionIn(files, layout, directory, selection)
    )
    const others = directories.slice(call.pageSize)
    return { names: names.filter((name) => name !== undefined), next: others.length > 0 ? others : undefined }
  }).pipe(Effect.mapError(toStoreFailure(call.place)))

/** Returns the collection of the first selected entry in a directory. */
const collectionIn = Effect.fnUntraced(function* (
  files: Files,
  layout: Layout,
  directory: string,
  selection: Selection
) {
  for (const name of yield* files.list(directory, "File")) {
    const found = yield* layout.find(directory, name, selection)
    if (found !== undefined && !(yield* hasExpired(found))) return found.collection
  }
  return undefined
})

export const clear = (files: Files, layout: Layout) => (call: Call.Clear) =>
  tracked(
    call,
    Effect.fnUntraced(function* (onRemoved) {
      const { collection } = call
      const isSelected = "name" in collection ? is(collection.name) : startsWith(collection.prefix)
      const directories =
        "name" in collection ? directoryIfThere(files, layout, collection.name) : layout.directories(isSelected)
      const selection = { collection: isSelected, key: startsWith(call.keyPrefix) }
      const position = yield* startAt(call.cursor, directories)
      const [first] = position.directories
      if (first !== undefined) yield* Effect.uninterruptible(files.settle(first))
      return yield* Walk.page(files, position, pageSize, (directory, name) =>
        Effect.flatMap(layout.find(directory, name, selection), (found) =>
          found === undefined
            ? Effect.succeed(false)
            : removeFile(files, found.file, (header) => header !== "unknown", onRemoved)
        )
      )
    })
  )

/** Removes the selected entries that have expired among the next `size` files of a walk through the store. */
export const removeExpiredPage = (
  files: Files,
  layout: Layout,
  cursor: Call.Cursor,
  size = pageSize,
  onRemoved: Effect.Effect<void> = Effect.void,
  selects: NonNullable<Call.RemoveExpired["selects"]> = () => true
) =>
  Effect.flatMap(startAt(cursor, layout.directories(everything.collection)), (position) =>
    Walk.page(files, position, size, (directory, name) =>
      Effect.flatMap(layout.find(directory, name, everything), (found) =>
        found === undefined || !selects(found.collection, found.key)
          ? Effect.succeed(false)
          : removeIfExpired(files, found, onRemoved)
      )
    )
  )

export const removeExpired = (files: Files, layout: Layout) => (call: Call.RemoveExpired) =>
  tracked(call, (onRemoved) => removeExpiredPage(files, layout, call.cursor, pageSize, onRemoved, call.selects))

const is = (name: string) => (other: string) => other === name

const startsWith = (prefix: string) => (name: string) => name.startsWith(prefix)

const everything: Selection = { collection: () => true, key: () => true }

const directoryIfThere = (files: Files, layout: Layout, collection: string) =>
  Effect.flatMap(layout.directoryOf(collection), (directory) =>
    Effect.map(files.exists(directory), (there) => (there ? [directory] : []))
  )

/** Returns the position in the cursor, or the start of a walk. */
const startAt = <E>(cursor: Call.Cursor, directories: Effect.Effect<ReadonlyArray<string>, E>) =>
  cursor === undefined ? Effect.map(directories, Walk.start) : Effect.succeed(cursor as Walk.Position)
