import { allKeys, batches, firstOf, isWhole } from "./values.ts"

interface Entry {
  /** The last acknowledged change: its number, and whether it was a delete. */
  acknowledged: number
  deleted: boolean
  /** The number of a delete that had begun when the writer was killed. */
  deleting: number
}

/** The changes that writers have acknowledged, over all runs. */
export class Ledger {
  /** How many puts and deletes were acknowledged. */
  acknowledged = 0
  readonly failures: Array<string> = []
  private readonly entries = new Map<string, Entry>(
    allKeys.map((key) => [key, { acknowledged: 0, deleted: true, deleting: 0 }])
  )

  add(lines: ReadonlyArray<string>): void {
    for (const line of lines) {
      const [word, number, ...keys] = line.split(" ")
      if (word === "failed") this.failures.push(line)
      if (word === "deleting") this.entries.get(keys[0]!)!.deleting = Number(number)
      if (word !== "put" && word !== "deleted") continue
      for (const key of keys) {
        const entry = this.entries.get(key)!
        entry.acknowledged = Number(number)
        entry.deleted = word === "deleted"
        this.acknowledged++
      }
    }
  }

  /**
   * Judges the stored values after a run. A change that was not acknowledged may be stored or not; once it is found, it
   * counts as acknowledged and must not disappear again.
   */
  judge(run: number, values: ReadonlyArray<unknown>, atomicBatches: boolean) {
    let lost = 0
    const wrong: Array<string> = []
    const numbers = new Map<string, number>()
    for (const [i, key] of allKeys.entries()) {
      const entry = this.entries.get(key)!
      const value = values[i]
      if (value === undefined) {
        if (!entry.deleted && entry.deleting <= entry.acknowledged) lost++
        entry.deleted = true
        continue
      }
      if (!isWhole(key, value) || value.n >= firstOf(run + 1)) {
        wrong.push(`${key} is half-written, or was never written`)
        continue
      }
      if (value.n < entry.acknowledged) lost++
      else entry.acknowledged = value.n
      entry.deleted = false
      numbers.set(key, value.n)
    }
    if (atomicBatches) {
      for (const batch of batches) {
        if (new Set(batch.map((key) => numbers.get(key))).size > 1) wrong.push(`half of a batch is visible: ${batch}`)
      }
    }
    return { lost, wrong }
  }
}
