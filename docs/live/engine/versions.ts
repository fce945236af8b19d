import type { Asking } from "./recorder.ts"

/** In which order the versions of values were applied, to tell whether a value is stale. */
export class Versions {
  private applications = 0
  private readonly orders = new Map<number, number>()
  private readonly loaded = new Set<number>()
  private readonly acknowledgedOrders = new Map<string, number>()

  /** A store has applied the write of a request. */
  apply({ version }: Asking): void {
    this.applications++
    if (!this.loaded.has(version)) this.orders.set(version, this.applications)
  }

  /** A value that was loaded is newer than all writes before the load has ended, and older than all later ones. */
  load({ version }: Asking): void {
    this.loaded.add(version)
    this.orders.set(version, this.applications + 0.5)
  }

  /** The caller of a write knows that it was applied. */
  acknowledge(key: string, { version }: Asking): void {
    this.acknowledgedOrders.set(key, Math.max(this.acknowledged(key), this.orderOf(version)))
  }

  /** The order of the newest write of a key that was acknowledged, or 0. */
  acknowledged(key: string): number {
    return this.acknowledgedOrders.get(key) ?? 0
  }

  /** Values that were in the store from the start have order 0. */
  orderOf(version: number): number {
    return this.orders.get(version) ?? 0
  }
}
