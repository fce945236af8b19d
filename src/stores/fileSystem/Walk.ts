/**
 * Visits the entries in several directories, page by page.
 */
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import { type Files, forEachFile } from "./Files.ts"
import type { Found, Layout, Selection } from "./layout.ts"

/** The position of a walk. `names` are the files of the first directory, if they have been listed. */
export interface Position {
  readonly directories: ReadonlyArray<string>
  readonly names: ReadonlyArray<string> | undefined
  readonly from: number
}

export const start = (directories: ReadonlyArray<string>): Position => ({ directories, names: undefined, from: 0 })

/** Visits the selected entries among the next `size` files. Counts those for which `visit` returns `true`. */
export const page = Effect.fnUntraced(function* (
  files: Files,
  layout: Layout,
  { directories, names, from }: Position,
  size: number,
  selection: Selection,
  visit: (found: Found) => Effect.Effect<boolean, PlatformError>
) {
  const [directory, ...others] = directories
  if (directory === undefined) return { count: 0, next: undefined }
  const all = names ?? (yield* enter(files, directory))
  const to = from + size
  const visited = yield* forEachFile(all.slice(from, to), (name) =>
    Effect.flatMap(layout.find(directory, name, selection), (found) =>
      found === undefined ? Effect.succeed(false) : visit(found)
    )
  )
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
