/**
 * Visits the files of several directories, page by page.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import { type Files, forEachFile } from "./Files.ts"

/** The position of a walk. `names` are the files of the first directory, if they have been listed. */
export interface Position {
  readonly directories: ReadonlyArray<string>
  readonly names: ReadonlyArray<string> | undefined
  readonly from: number
}

export const start = (directories: ReadonlyArray<string>): Position => ({ directories, names: undefined, from: 0 })

/** Visits the next page of a walk. Counts the files for which `visit` returns `true`. */
export const page = Effect.fnUntraced(function* (
  files: Files,
  { directories, names, from }: Position,
  size: number,
  visit: (directory: string, name: string) => Effect.Effect<boolean, PlatformError>
) {
  const [directory, ...others] = directories
  if (directory === undefined) return { count: 0, next: undefined }
  const all = names ?? (yield* enter(files, directory))
  const to = from + size
  const visited = yield* forEachFile(all.slice(from, to), (name) => visit(directory, name))
  return {
    count: visited.filter(Boolean).length,
    next: to < all.length ? { directories, names: all, from: to } : others.length > 0 ? start(others) : undefined
  }
})

const enter = Effect.fnUntraced(function* (files: Files, directory: string) {
  const names = yield* files.list(directory, "File")
  yield* files.removeStale(directory, names)
  return names
})
