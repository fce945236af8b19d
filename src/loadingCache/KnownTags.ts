/** For how many keys tags are remembered. */
const maxKeys = 10_000

/** The tags that values had which could not be stored, because tags were invalidated during their lookups. */
export class KnownTags {
  private readonly tags = new Map<string, ReadonlyArray<string>>()

  of(name: string): ReadonlyArray<string> {
    return this.tags.get(name) ?? []
  }

  set(name: string, tags: ReadonlyArray<string>): void {
    if (this.tags.size >= maxKeys) this.tags.clear()
    this.tags.set(name, tags)
  }

  delete(name: string): void {
    this.tags.delete(name)
  }
}
