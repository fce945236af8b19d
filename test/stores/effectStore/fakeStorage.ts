/** The browser's `localStorage`, with a limit on its characters. */
export const fakeStorage = (maxLength = Number.POSITIVE_INFINITY): Storage => {
  const items = new Map<string, string>()
  const length = () => [...items].reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => {
      if (length() + name.length + value.length > maxLength) throw new DOMException("full", "QuotaExceededError")
      items.set(name, String(value))
    },
    removeItem: (name) => void items.delete(name),
    clear: () => items.clear()
  }
}
