import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type { Outcome, Place } from "./place.ts"
import { isWrite } from "./place.ts"

/** Like `Data.TaggedError`, but JSON, `console.log` and loggers show no keys, values or causes. */
export const failure: typeof Data.TaggedError = (tag) =>
  class extends Data.TaggedError(tag)<Record<string, unknown>> {
    override toJSON(): unknown {
      const { operation, collection, keys, module, retryable, outcome } = this as unknown as Record<string, unknown>
      const fields = { operation, collection, module, retryable, outcome }
      return {
        _tag: this._tag,
        message: this.message,
        ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
        ...(Array.isArray(keys) && { keyCount: keys.length })
      }
    }
  } as never

/** Returns the outcome of a failed write, or `undefined` for a read. `place.outcomeOfPart` takes precedence. */
export const outcomeAt = (place: Place, outcome: Outcome): Outcome | undefined =>
  isWrite(place.operation) ? (place.outcomeOfPart ?? outcome) : undefined

/** Like {@link failure}, for errors that leave the store unchanged. */
export const unappliedFailure = <Tag extends string>(tag: Tag): UnappliedFailure<Tag> =>
  class extends failure(tag)<Place> {
    get outcome(): Outcome | undefined {
      return outcomeAt(this, "not-applied")
    }
  } as never

type UnappliedFailure<Tag extends string> = new <A extends Place>(
  fields: A
) => Cause.YieldableError & { readonly _tag: Tag; readonly outcome: Outcome | undefined } & Readonly<A>
