import { copy, type Json } from "../Value.ts"
import type { Claim, Grant } from "./Claim.ts"

/**
 * The attempts of this process that wait for a note. When one of them has read the note, all get it. Otherwise, each would
 * ask the store in turn, and the last of thousands would wait longer than it wants to.
 */
export class Listeners {
  private readonly all = new Map<string, Set<Claim>>()

  add(claim: Claim): void {
    const listeners = this.all.get(claim.id)
    if (listeners === undefined) this.all.set(claim.id, new Set([claim]))
    else listeners.add(claim)
  }

  remove(claim: Claim): void {
    const listeners = this.all.get(claim.id)
    if (listeners?.delete(claim) && listeners.size === 0) this.all.delete(claim.id)
  }

  /** Gives the note that an attempt has read to those that waited already when the store was asked. */
  tell({ id, lookedAt }: Claim, { note }: Grant & { readonly _tag: "note" }): void {
    for (const claim of this.all.get(id) ?? []) {
      if (claim.stage !== "queued" || claim.startedAt > lookedAt) continue
      // A copy for each caller, which may change what it gets.
      claim.grant({ _tag: "note", note: copy(note) as Json })
    }
  }
}
