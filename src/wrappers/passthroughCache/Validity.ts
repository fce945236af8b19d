import type { Entry } from "../../Entry.ts"
import { askedAtOf, type Dated } from "./Freshness.ts"
import { Invalidations } from "./Invalidations.ts"
import { Marks } from "./Marks.ts"

/** How many keys may have invalid copies before all older copies become invalid. */
const maxInvalid = 10_000

/** What is marked while a call that clears the store runs, since it may clear any key. */
export const everything: ReadonlyArray<string> = ["everything"]

/**
 * Which copies may be returned, and which of the store's answers may be kept as copies.
 *
 * While a write runs, and while its copies are being removed, no copy of its keys is returned and none is kept. A copy that
 * could not be removed, or that the cache may still write after its removal, is invalid from then on.
 */
export class Validity {
  readonly beingWritten = new Marks()
  readonly beingCleared = new Marks()
  readonly beingCopied = new Marks()
  readonly invalidations: Invalidations

  /** No copy is used for longer than `lifetime`, in milliseconds. */
  constructor(lifetime: number) {
    this.invalidations = new Invalidations(lifetime, maxInvalid)
  }

  /** Whether the copies of all keys may be read. */
  get mayReadAll(): boolean {
    return this.beingCleared.isEmpty && this.beingWritten.isEmpty && this.beingCopied.isEmpty
  }

  /**
   * Whether the copy of a key may be read. While its original is being written, other readers may have seen the new value;
   * a copy that is being made may have to be taken back.
   */
  mayRead(id: string): boolean {
    return this.beingCleared.isEmpty && !this.beingWritten.has(id) && !this.beingCopied.has(id)
  }

  isValid(id: string, copy: Entry | undefined): copy is Dated {
    return copy?.createdAt !== undefined && !this.invalidations.has(id, askedAtOf(copy.createdAt))
  }

  /** Whether what the store returned for a key, when it was asked at a time by `steadyMillis`, may be returned to others. */
  mayKeep(id: string, askedAt: number): boolean {
    return this.beingCleared.isEmpty && !this.beingWritten.has(id) && !this.invalidations.has(id, askedAt)
  }

  /** Invalidates the copies of keys that were made until now. */
  invalidate(ids: ReadonlyArray<string>, now: number): void {
    for (const id of ids) this.invalidations.add(id, now, now)
  }
}
