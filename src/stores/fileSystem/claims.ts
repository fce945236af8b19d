/**
 * Removes an expired file, but never a newer file that has replaced it.
 *
 * No file system can remove a file on the condition that it has not been replaced. Therefore an expired file is claimed
 * before it is removed:
 *
 * 1. Create the directories `.reclaim/<id>-<name>/open` next to the file. This is the claim.
 * 2. Read the file again. If it is still expired, rename it to `open/entry`.
 * 3. Settle the claim: rename `open` to `shut`, read the file in it, put the file back if it is not expired, and remove
 *    the claim.
 *
 * A writer replaces the file, and then settles all claims on it before the write succeeds. After that, step 2 of these
 * claims can no longer rename the file, because `open` is gone. In step 2, a claim that is made later reads the new
 * file. So no file is moved after its write has succeeded. Any process may repeat each step at any time, and may crash
 * after each step: the next writer of the file settles the claims that are left.
 */
import * as Effect from "effect/Effect"
import type { Path } from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { hasExpired } from "../common/hasExpired.ts"
import { orMissing } from "./errors.ts"
import type { Header } from "./header.ts"
import type { Platform } from "./platform.ts"

/** The directory of a collection that contains its claims. */
export const folder = ".reclaim"

interface Claim {
  readonly directory: string
  /** The claimed file. */
  readonly file: string
}

/** Matches the directory of a claim: a UUID and the name of the file. Anything else is not a claim. */
const claimName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(.+)$/s

/** Returns whether the file in a claim is the one that the caller has just written. */
export type IsOwn = (file: string, held: string) => Effect.Effect<boolean, PlatformError>

export interface Claims {
  /** Removes a file if it has expired, and returns whether it was removed. Must not be interrupted. */
  readonly reclaim: (file: string) => Effect.Effect<boolean, PlatformError>
  /**
   * Ends all claims on the given files of a directory, or on all. If several claims hold versions of the same file, the
   * version that the caller has just written is put back.
   */
  readonly settle: (
    directory: string,
    files?: Pick<ReadonlySet<string>, "has">,
    isOwn?: IsOwn
  ) => Effect.Effect<void, PlatformError>
  /** Moves a file back to its place, unless there is a new file by now. */
  readonly putBack: (moved: string, file: string) => Effect.Effect<void, PlatformError>
  /** Ends the claims of crashed processes. */
  readonly settleStale: (
    directory: string,
    isStale: (target: string) => Effect.Effect<boolean, PlatformError>
  ) => Effect.Effect<void, PlatformError>
}

export const make = (
  fs: Platform,
  path: Path,
  header: (file: string) => Effect.Effect<Header | "unknown" | undefined, PlatformError>
): Claims => {
  const isExpired = (found: Header | "unknown" | undefined): Effect.Effect<boolean> =>
    typeof found === "object" ? hasExpired(found) : Effect.succeed(false)
  const heldBy = ({ directory }: Claim) => path.join(directory, "shut", "entry")

  /** Closes a claim, so that no file can be moved into it. Returns whether it was open. */
  const shut = ({ directory }: Claim) =>
    Effect.map(
      orMissing(Effect.as(fs.rename(path.join(directory, "open"), path.join(directory, "shut")), true)),
      (done) => done ?? false
    )

  const putBack = (moved: string, file: string) =>
    fs.link(moved, file).pipe(
      Effect.catchIf(
        ({ reason }) => reason._tag === "AlreadyExists" || reason._tag === "NotFound",
        () => Effect.void
      ),
      // Some file systems do not support links.
      Effect.catch((error) =>
        Effect.flatMap(fs.exists(file), (replaced) =>
          replaced ? Effect.void : Effect.mapError(fs.rename(moved, file), () => error)
        )
      )
    )

  const discard = ({ directory }: Claim) => fs.remove(directory, { recursive: true, force: true })

  /**
   * Ends a closed claim. Removes its file if it has expired, or puts it back otherwise. Returns whether it has expired.
   */
  const end = Effect.fnUntraced(function* (claim: Claim) {
    const held = yield* header(heldBy(claim))
    const expired = yield* isExpired(held)
    if (held !== undefined && !expired) yield* putBack(heldBy(claim), claim.file)
    yield* discard(claim)
    return expired
  })

  /** Ends a claim. A claim that is still being created is left alone: its process will read the new file. */
  const endIfMade = Effect.fnUntraced(function* (claim: Claim) {
    if ((yield* shut(claim)) || (yield* fs.exists(path.join(claim.directory, "shut")))) return yield* end(claim)
    return false
  })

  const claimsIn = (directory: string): Effect.Effect<ReadonlyArray<Claim>, PlatformError> =>
    Effect.map(orMissing(fs.readDirectory(path.join(directory, folder))), (names) =>
      (names ?? []).flatMap((name) => {
        const file = claimName.exec(name)?.[1]
        return file === undefined
          ? []
          : { directory: path.join(directory, folder, name), file: path.join(directory, file) }
      })
    )

  const ownFirst = (claims: ReadonlyArray<Claim>, isOwn: IsOwn) =>
    Effect.map(
      Effect.filter(claims, (claim) => isOwn(claim.file, heldBy(claim))),
      (own) => [...own, ...claims.filter((claim) => !own.includes(claim))]
    )

  return {
    putBack,
    reclaim: Effect.fnUntraced(function* (file) {
      const directory = path.join(path.dirname(file), folder, `${crypto.randomUUID()}-${path.basename(file)}`)
      const claim = { directory, file }
      const open = path.join(directory, "open")
      const take = Effect.flatMap(Effect.flatMap(header(file), isExpired), (expired) =>
        expired ? orMissing(fs.rename(file, path.join(open, "entry"))) : Effect.void
      )
      yield* Effect.onError(fs.makeDirectory(open), () => Effect.ignore(discard(claim)))
      const taken = yield* Effect.exit(take)
      const removed = yield* endIfMade(claim)
      yield* taken
      return removed
    }),
    settle: Effect.fnUntraced(function* (directory, files, isOwn) {
      const claims = (yield* claimsIn(directory)).filter(({ file }) => files?.has(file) ?? true)
      if (claims.length === 0) return
      yield* Effect.forEach(claims, shut, { discard: true })
      const ordered = claims.length === 1 || isOwn === undefined ? claims : yield* ownFirst(claims, isOwn)
      yield* Effect.forEach(ordered, endIfMade, { discard: true })
    }),
    settleStale: Effect.fnUntraced(function* (directory, isStale) {
      const stale = yield* Effect.filter(yield* claimsIn(directory), (claim) => isStale(claim.directory))
      yield* Effect.forEach(stale, endIfMade, { discard: true })
    })
  }
}
