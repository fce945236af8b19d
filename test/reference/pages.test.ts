/** Tests that the pages of the reference are those that `npm run options` writes, and that nothing is missing on them. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { metrics } from "../../docs/tools/metrics.ts"
import { all, written } from "./all.ts"
import { errors } from "./errors.ts"
import { modules, pageOf } from "./modules.ts"
import { sections } from "./options.ts"

const pages = [...all].map(([path, text]) => ({ path, text }))

/** The text without code blocks. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, "")

const anchorsOf = (text: string): ReadonlyArray<string> =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replaceAll(".", "").replaceAll(" ", "-")
  )

describe("the pages of the reference", () => {
  for (const { path, text } of pages) {
    it(`${path} is the page that \`npm run options\` writes`, () => {
      const file = join("docs", path)
      assert.isTrue(existsSync(file), "run `npm run options`")
      assert.strictEqual(readFileSync(file, "utf8"), text, "run `npm run options`")
    })
  }

  it("have no page that is no longer written", () => {
    assert.deepStrictEqual(
      written().filter((page) => !all.has(page)),
      []
    )
  })

  it("have no markup of docstrings left", () => {
    assert.deepStrictEqual(
      pages.filter(({ text }) => /\{@|@internal|@since|undefined\)/.test(prose(text))).map(({ path }) => path),
      []
    )
  })
})

describe("the links of the reference", () => {
  const sidebar = readFileSync("docs/.vitepress/sidebar.ts", "utf8")
  /** Files, and pages that the sidebar lists. */
  const isKnown = (path: string): boolean =>
    existsSync(join("docs", path)) || sidebar.includes(`"/${path.replace(/\.md$/, "")}"`)

  const links = pages.flatMap(({ path, text }) =>
    [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, href = ""]) => ({ path, href }))
  )

  it("lead to files, or to pages of the sidebar", () => {
    assert.isAbove(links.length, 500)
    const broken = links.filter(({ path, href }) => {
      const [target = ""] = href.split("#")
      return !/^https:/.test(href) && target !== "" && !isKnown(join(dirname(path), target))
    })
    assert.deepStrictEqual(broken, [])
  })

  it("lead to headings", () => {
    const broken = links.filter(({ path, href }) => {
      const [target = "", hash] = href.split("#")
      const text = all.get(target === "" ? path : join(dirname(path), target))
      return hash !== undefined && text !== undefined && !anchorsOf(text).includes(hash)
    })
    assert.deepStrictEqual(broken, [])
  })
})

describe("the page of a module", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8"))
  const sources = Object.values<Record<string, string>>(exports).map((it) => String(it["@effect-kv/source"]))

  it("exists for every store and wrapper", () => {
    const expected = sources.flatMap((path) => /\/((?:stores|wrappers)\/\w+)\.ts$/.exec(path)?.[1] ?? [])
    assert.isAbove(expected.length, 30)
    assert.deepStrictEqual(
      expected.filter((path) => !all.has(`reference/${path}.md`)),
      []
    )
  })

  it("exists for every module that has options", () => {
    const names = sections.map(({ title }) => title.split(".", 1)[0]!)
    assert.deepStrictEqual(
      names.filter((name) => modules.every((module) => module.name !== name)),
      []
    )
  })

  it("has every option of the module", () => {
    const missing = sections.flatMap(({ title, options }) => {
      const module = modules.find(({ name }) => name === title.split(".", 1)[0])!
      const text = all.get(pageOf(module)) ?? ""
      return options.filter(({ name }) => !text.includes(`| \`${name}\` |`)).map(({ name }) => `${title}: ${name}`)
    })
    assert.deepStrictEqual(missing, [])
  })

  for (const module of modules.filter(({ folder }) => folder !== "modules")) {
    it(`says what to know about ${module.name}`, () => {
      const text = all.get(pageOf(module))!
      const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
      const expected = ["When to use", "Details", "Errors", "See also"]
      assert.includeMembers(headings, [...expected, module.examples.length === 1 ? "Example" : "Examples"])
      assert.match(text, /^# \w+\n\n<!-- .* -->\n\n[A-Z][^`]/)
      assert.match(text, /[Ff]ails to\s+build with/)
      assert.match(text, /^Capabilities: /m)
    })
  }

  it("names the guides that use it", () => {
    const lonely = modules.filter(({ guides }) => guides.length === 0).map(({ name }) => name)
    assert.deepStrictEqual(lonely, [])
  })
})

describe("the pages of all options, errors and metrics", () => {
  it("have options in every section but CollectionRouting", () => {
    const empty = sections.filter(({ options }) => options.length === 0).map(({ title }) => title)
    assert.deepStrictEqual(empty, ["CollectionRouting"])
  })

  it("have every section that the README links to", () => {
    const links = [...readFileSync("README.md", "utf8").matchAll(/docs\/(reference\/[\w/]+\.md)(?:#([\w-]+))?/g)]
    const broken = links.filter(([, page = "", anchor]) => {
      const text = all.get(page)
      return text !== undefined && anchor !== undefined && !anchorsOf(text).includes(anchor)
    })
    assert.deepStrictEqual(
      broken.map(([link]) => link),
      []
    )
  })

  it("have every error, with what to do about it", () => {
    const text = all.get("reference/errors.md")!
    assert.isAbove(errors.length, 20)
    for (const { tag, doc } of errors) {
      assert.include(text, `\n## ${tag}\n`)
      assert.isDefined(
        doc.sections.find(({ title }) => title === "What to do"),
        tag
      )
    }
    assert.notInclude(text, "Raised by: .")
  })

  it("have every metric", () => {
    const text = all.get("reference/metrics.md")!
    for (const { name } of metrics) assert.include(text, `| \`${name}\` |`)
  })
})
