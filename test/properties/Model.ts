import type { Value } from "../../src/Value.ts"
import type { Pairs, Step } from "./steps.ts"

interface Stored {
  readonly value: Value
  readonly expiresAt: number | undefined
}

/** The simplest model of a store: maps and a clock. */
export class Model {
  private now = 0
  private readonly stored = new Map<string, Map<string, Stored>>()

  /** Performs a step, and returns what a store should return. */
  run(step: Step): unknown {
    switch (step.do) {
      case "get":
        return this.get(step.collection, step.key)?.value
      case "getMany":
        return step.keys.map((key) => this.get(step.collection, key)?.value)
      case "ttl":
        return this.ttl(step.collection, step.key)
      case "ttlMany":
        return step.keys.map((key) => this.ttl(step.collection, key))
      case "has":
        return this.get(step.collection, step.key) !== undefined
      case "touch": {
        const found = this.get(step.collection, step.key)
        if (found !== undefined) this.put(step.collection, [[step.key, found.value]], step.ttl)
        return found !== undefined
      }
      case "put":
        return this.put(step.collection, [[step.key, step.value]], step.ttl)
      case "putMany":
        return this.put(step.collection, step.pairs, step.ttl)
      case "delete":
        return this.delete(step.collection, [step.key]) > 0
      case "deleteMany":
        return this.delete(step.collection, step.keys)
      case "getAndDelete":
        return this.getAndDelete(step.collection, step.key)
      case "putIfAbsent":
        if (this.get(step.collection, step.key) !== undefined) return false
        this.put(step.collection, [[step.key, step.value]], step.ttl)
        return true
      case "getOrSet": {
        const found = this.get(step.collection, step.key)
        if (found === undefined) this.put(step.collection, [[step.key, step.value]], step.ttl)
        return (found ?? step).value
      }
      case "update":
        return this.update(step)
      case "pass":
        this.now += step.millis
        return undefined
      case "keys":
        return this.keys(step.collection).filter((key) => key.startsWith(step.prefix))
      case "collections":
        return [...this.stored.keys()]
          .filter((collection) => collection.startsWith(step.prefix) && this.keys(collection).length > 0)
          .sort()
      case "clearCollection":
        return this.delete(step.collection, this.keys(step.collection))
      case "clear":
        return [...this.stored.keys()].reduce((count, name) => count + this.delete(name, this.keys(name)), 0)
      case "removeExpired":
        return undefined
    }
  }

  /** All names, sorted. */
  names(): ReadonlyArray<readonly [collection: string, keys: ReadonlyArray<string>]> {
    return [...this.stored.keys()].map((collection) => [collection, this.keys(collection)])
  }

  private get(collection: string, key: string): Stored | undefined {
    const found = this.stored.get(collection)?.get(key)
    return found?.expiresAt !== undefined && found.expiresAt <= this.now ? undefined : found
  }

  private ttl(collection: string, key: string) {
    const found = this.get(collection, key)
    return found && { value: found.value, ttl: found.expiresAt && found.expiresAt - this.now }
  }

  private put(collection: string, pairs: Pairs, ttl: number | undefined): undefined {
    for (const [key, value] of pairs) {
      const entries = this.stored.get(collection) ?? new Map<string, Stored>()
      this.stored.set(collection, entries.set(key, { value, expiresAt: ttl && this.now + ttl }))
    }
  }

  private delete(collection: string, keys: ReadonlyArray<string>): number {
    return keys.filter((key) => this.getAndDelete(collection, key) !== undefined).length
  }

  private getAndDelete(collection: string, key: string): Value | undefined {
    const found = this.get(collection, key)
    this.stored.get(collection)?.delete(key)
    return found?.value
  }

  private update({ collection, key, to, ttl }: Extract<Step, { readonly do: "update" }>): Value | undefined {
    const found = this.get(collection, key)
    if (to === "nothing") {
      this.delete(collection, [key])
      return undefined
    }
    const value = more(found?.value)
    const expiresAt = ttl === undefined ? found?.expiresAt : this.now + ttl
    this.put(collection, [[key, value]], expiresAt && expiresAt - this.now)
    return value
  }

  private keys(collection: string): ReadonlyArray<string> {
    const keys = [...(this.stored.get(collection)?.keys() ?? [])]
    return keys.filter((key) => this.get(collection, key) !== undefined).sort()
  }
}

/** The function of every update. */
export const more = (value: Value | undefined): Value =>
  value === undefined ? "new" : value instanceof Uint8Array ? Uint8Array.of(...value, 1) : [value]
