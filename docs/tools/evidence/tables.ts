/** Reads the tables of a Markdown page. */

/** A table with the headings above it. */
export interface Table {
  /** The `##` heading, without the marks of code. */
  readonly section: string
  /** The `###` heading, or `""`. */
  readonly part: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

const cellsOf = (line: string): ReadonlyArray<string> =>
  line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim())

export const tablesOf = (page: string): ReadonlyArray<Table> => {
  const tables: Array<Table> = []
  let section = ""
  let part = ""
  let lines: Array<string> = []
  const close = () => {
    const [head, _, ...rows] = lines.map(cellsOf)
    if (head !== undefined) tables.push({ section, part, head, rows })
    lines = []
  }
  for (const line of `${page}\n`.split("\n")) {
    if (line.startsWith("|")) {
      lines.push(line)
      continue
    }
    close()
    if (line.startsWith("## ")) {
      section = line.slice(3).replaceAll("`", "")
      part = ""
    } else if (line.startsWith("### ")) {
      part = line.slice(4)
    }
  }
  return tables
}

/** The number in a cell such as `1,293` or `0.81 ×`. */
export const numberOf = (cell: string | undefined): number => Number.parseFloat((cell ?? "").replaceAll(",", ""))

/** A Markdown table. The cells of all columns but the first are aligned to the right. */
export const markdown = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
