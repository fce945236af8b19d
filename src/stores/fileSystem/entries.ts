/**
 * Reads, writes and deletes entries by key.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import * as Call from "../../driver/Call.ts"
import { DeserializationError } from "../../KeyValueError.ts"
import * as utf8 from "../../value/utf8.ts"
import { hasExpired } from "../common/hasExpired.ts"
import { isFull } from "../common/platformErrors.ts"
import type { Sweep } from "../common/Sweep.ts"
import { toStoreFailure, tracked } from "./errors.ts"
import { type Files, forEachFile } from "./Files.ts"
import type { Layout } from "./layout.ts"
import { removeFile } from "./removal.ts"

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
    return yield* unreadable(call, index, file, decoded.failure)
  }
  if (!layout.agrees(file, decoded.success, call.collection, key)) {
    return yield* unreadable(call, index, file, "its file contains the entry of another key")
  }
  const { entry } = decoded.success
  return (yield* hasExpired(entry)) ? undefined : entry
})

/** The path of the file is in the cause and not in the message, because it contains the key. */
const unreadable = (call: Call.Get, index: number, file: string, reason: string): DeserializationError =>
  new DeserializationError({ ...Call.placeOf(call, index), reason, cause: new Error(file) })

export const put = (files: Files, layout: Layout, sweep: Sweep<unknown>, call: Call.Put) =>
  tracked(call, (onApplied) => sweep.makingRoom(write(files, layout, call, onApplied), isFull))

const write = Effect.fnUntraced(function* (
  files: Files,
  layout: Layout,
  call: Call.Put,
  onApplied: Effect.Effect<void>
) {
  const directory = yield* layout.directoryOf(call.collection)
  const isNew = !(yield* files.exists(directory))
  if (isNew) yield* files.makeDirectory(directory)
  const { keys, entries } = Call.lastOfEachKey(call)
  const writes = yield* Effect.forEach(keys, (key, i) =>
    Effect.map(layout.fileOf(directory, key), (file) => ({
      file,
      aside: files.aside(directory),
      key,
      entry: entries[i]!
    }))
  )
  const contentOf = ({ key, entry }: (typeof writes)[number]) => managedEntry.encode(call.collection, key, entry)
  const stage = forEachFile(writes, (write) => files.stage(write, contentOf(write)))
  const byFile = new Map(writes.map((write) => [write.file, write]))
  const commit = forEachFile(writes, (write) => Effect.tap(files.replace(write), () => onApplied)).pipe(
    Effect.andThen(
      files.settle(directory, byFile, (file, held) =>
        Effect.map(files.read(held), (found) => found !== undefined && isEqual(found, contentOf(byFile.get(file)!)))
      )
    ),
    Effect.andThen(files.syncDirectory(directory))
  )
  yield* Effect.andThen(stage, Effect.uninterruptible(commit)).pipe(
    Effect.onError(() => Effect.forEach(writes, files.discard, { discard: true }))
  )
  if (isNew) yield* files.syncDirectory(files.root)
})

const isEqual = (found: Uint8Array, content: string | Uint8Array): boolean => {
  const bytes = typeof content === "string" ? utf8.encode(content) : content
  return bytes.length === found.length && bytes.every((byte, index) => byte === found[index])
}

export const remove = (files: Files, layout: Layout) => (call: Call.Delete) =>
  tracked(
    call,
    Effect.fnUntraced(function* (onApplied) {
      const directory = yield* layout.directoryOf(call.collection)
      if (!(yield* files.exists(directory))) return 0
      const targets = yield* Effect.forEach(call.keys, (key) =>
        Effect.map(layout.fileOf(directory, key), (file) => ({ key, file }))
      )
      yield* Effect.uninterruptible(files.settle(directory, new Set(targets.map(({ file }) => file))))
      const removed = yield* forEachFile(targets, ({ key, file }) =>
        removeFile(
          files,
          file,
          (header) => header === "unknown" || layout.agrees(file, header, call.collection, key),
          onApplied
        )
      )
      yield* files.syncDirectory(directory)
      return removed.filter(Boolean).length
    })
  )
