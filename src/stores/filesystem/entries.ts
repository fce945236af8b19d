/**
 * Reading, writing and deleting entries by key.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import type { Entry } from "../../Entry.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import { toStoreFailure, tracked } from "./errors.ts"
import { type Files, forEachFile } from "./Files.ts"
import type { Layout } from "./layout.ts"
import { hasExpired, removeFile } from "./removal.ts"

export const get = (files: Files, layout: Layout) => (call: Call.Get) =>
  Effect.gen(function* () {
    const directory = yield* layout.directoryOf(call.collection)
    if (!(yield* files.exists(directory))) return call.keys.map(() => undefined)
    return yield* forEachFile(call.keys, (key, index) => read(files, layout, call, directory, key, index))
  }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(toStoreFailure(call.place)(error))))

const read = Effect.fnUntraced(function* (
  files: Files,
  layout: Layout,
  call: Call.Get,
  directory: string,
  key: string,
  index: number
) {
  const file = yield* layout.fileOf(directory, key)
  const stored = yield* files.read(file)
  if (stored === undefined) return undefined
  const decoded = managedEntry.decode(stored, { anyVersion: true })
  if (Result.isFailure(decoded)) {
    return yield* new DeserializationError({ ...Call.placeOf(call, index), reason: `${file}: ${decoded.failure}` })
  }
  if (!layout.agrees(file, decoded.success, call.collection, key)) {
    return yield* new DeserializationError({
      ...Call.placeOf(call, index),
      reason: `${file} holds the entry of another key`
    })
  }
  const { entry } = decoded.success
  return (yield* hasExpired(entry)) ? undefined : entry
})

export const put = (files: Files, layout: Layout, call: Call.Put) =>
  tracked(
    call,
    Effect.fnUntraced(function* (onApplied) {
      const directory = yield* layout.directoryOf(call.collection)
      const isNew = !(yield* files.exists(directory))
      if (isNew) yield* files.makeDirectory(directory)
      const writes = yield* Effect.forEach(lastOfEachKey(call), ([key, entry]) =>
        Effect.map(layout.fileOf(directory, key), (file) => ({ file, aside: files.aside(directory), key, entry }))
      )
      const stage = forEachFile(writes, (write) =>
        files.stage(write, managedEntry.encode(call.collection, write.key, write.entry))
      )
      const commit = Effect.andThen(
        forEachFile(writes, (write) => Effect.tap(files.replace(write), () => onApplied)),
        files.syncDirectory(directory)
      )
      yield* Effect.andThen(stage, Effect.uninterruptible(commit)).pipe(
        Effect.onError(() => Effect.forEach(writes, files.discard, { discard: true }))
      )
      if (isNew) yield* files.syncDirectory(files.root)
    })
  )

const lastOfEachKey = ({ keys, entries }: Call.Put): ReadonlyArray<readonly [string, Entry]> => [
  ...new Map(keys.map((key, index) => [key, entries[index]!] as const))
]

export const remove = (files: Files, layout: Layout) => (call: Call.Delete) =>
  tracked(
    call,
    Effect.fnUntraced(function* (onApplied) {
      const directory = yield* layout.directoryOf(call.collection)
      if (!(yield* files.exists(directory))) return 0
      const removed = yield* forEachFile(call.keys, (key) =>
        Effect.flatMap(layout.fileOf(directory, key), (file) =>
          removeFile(
            files,
            file,
            (header) => header === "unknown" || layout.agrees(file, header, call.collection, key),
            onApplied
          )
        )
      )
      yield* files.syncDirectory(directory)
      return removed.filter(Boolean).length
    })
  )
