import type { LeaseRecord } from "./record.ts"

/** How many leases are remembered. To forget one only delays a takeover. */
const maxNames = 10_000

/**
 * When this process saw the current record of each lease for the first time, by its monotonic clock.
 *
 * Attempts share it. Otherwise, attempts that do not wait would never take over a lease whose holder has died.
 */
export class Sightings {
  private readonly all = new Map<string, { readonly record: LeaseRecord; readonly since: number }>()

  /** Remembers a record that was read just now. Returns when it was seen first. */
  see(id: string, record: LeaseRecord, now: number): number {
    const last = this.all.get(id)
    const since = last !== undefined && isSame(last.record, record) ? last.since : now
    this.all.delete(id)
    this.all.set(id, { record, since })
    if (this.all.size > maxNames) this.all.delete(this.all.keys().next().value!)
    return since
  }

  forget(id: string): void {
    this.all.delete(id)
  }
}

const isSame = (a: LeaseRecord, b: LeaseRecord): boolean =>
  a.token === b.token && a.owner === b.owner && a.beat === b.beat
