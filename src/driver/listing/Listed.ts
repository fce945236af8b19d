/**
 * Removes names from a page that an earlier page has listed.
 *
 * All pages of an enumeration share one instance. A page that is requested again lists the same names as before.
 */
export interface Listed {
  readonly fresh: (names: Iterable<string>, page: number) => ReadonlyArray<string>
}

/** Remembers all names. Use it where there are few names. */
export class AllListed implements Listed {
  private readonly pages = new Map<string, number>()

  fresh(names: Iterable<string>, page: number): ReadonlyArray<string> {
    return Array.from(new Set(names)).filter((name) => {
      const first = this.pages.get(name)
      if (first === undefined) this.pages.set(name, page)
      return first === undefined || first === page
    })
  }
}

interface Page {
  readonly page: number
  readonly names: ReadonlySet<string>
}

/** Remembers the names of the last pages, at least `atLeast` names. Use it where duplicates come soon after the first. */
export class LatelyListed implements Listed {
  private pages: ReadonlyArray<Page> = []
  private readonly atLeast: number

  constructor(atLeast: number) {
    this.atLeast = atLeast
  }

  fresh(names: Iterable<string>, page: number): ReadonlyArray<string> {
    const own = new Set(names)
    const earlier = this.lastPages(this.pages.filter((it) => it.page < page))
    this.pages = own.size === 0 ? earlier : [...earlier, { page, names: own }]
    return Array.from(own).filter((name) => !earlier.some((it) => it.names.has(name)))
  }

  private lastPages(pages: ReadonlyArray<Page>): ReadonlyArray<Page> {
    let count = 0
    const first = pages.findLastIndex(({ names }) => (count += names.size) >= this.atLeast)
    return first === -1 ? pages : pages.slice(first)
  }
}
