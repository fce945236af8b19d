/** A member of a chain. */
export interface Link<A> {
  readonly value: A
  previous: Link<A> | undefined
  next: Link<A> | undefined
}

/**
 * A queue from which any member can be removed in constant time.
 *
 * A `Map` or `Set` is slow as a queue: finding its first member visits all slots of members that were removed before it.
 */
export class Chain<A> {
  size = 0
  private head: Link<A> | undefined
  private tail: Link<A> | undefined

  get first(): Link<A> | undefined {
    return this.head
  }

  *[Symbol.iterator](): Generator<A> {
    for (let link = this.head; link !== undefined; link = link.next) yield link.value
  }

  push(value: A): Link<A> {
    const link: Link<A> = { value, previous: this.tail, next: undefined }
    if (this.tail === undefined) this.head = link
    else this.tail.next = link
    this.tail = link
    this.size++
    return link
  }

  /** Removes a link, which must be in this chain. */
  remove(link: Link<A>): void {
    if (link.previous === undefined) this.head = link.next
    else link.previous.next = link.next
    if (link.next === undefined) this.tail = link.previous
    else link.next.previous = link.previous
    // A removed link in the old generation of the garbage collector would otherwise keep all later links in memory.
    link.previous = link.next = undefined
    this.size--
  }
}
