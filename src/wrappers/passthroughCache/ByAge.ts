import { Chain, type Link } from "../../concurrency/Chain.ts"

interface Item<A> {
  readonly key: string
  readonly value: A
}

/** Values by key, in the order in which they were last set. The oldest and any other can be removed in constant time. */
export class ByAge<A> {
  private readonly links = new Map<string, Link<Item<A>>>()
  private readonly order = new Chain<Item<A>>()

  get size(): number {
    return this.order.size
  }

  get oldest(): Item<A> | undefined {
    return this.order.first?.value
  }

  get(key: string): A | undefined {
    return this.links.get(key)?.value.value
  }

  set(key: string, value: A): void {
    this.delete(key)
    this.links.set(key, this.order.push({ key, value }))
  }

  delete(key: string): void {
    const link = this.links.get(key)
    if (link === undefined) return
    this.links.delete(key)
    this.order.remove(link)
  }
}
