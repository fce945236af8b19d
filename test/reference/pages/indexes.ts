/** The lists of all stores, wrappers and modules. */
import { shortText } from "../capabilities.ts"
import { madeBy, markup, type Page, table, text } from "../markdown.ts"
import { type Folder, type Module, modules, order } from "../modules.ts"
import { summaryOf } from "./module.ts"

const of = (folder: Folder): ReadonlyArray<Module> => modules.filter((it) => it.folder === folder)

const pageOf = (folder: Folder): Page => ({ path: `reference/${folder}/index.md`, self: undefined, anchors: [] })

const link = ({ name }: Module): string => `[\`${name}\`](${name}.md)`

const summary = (page: Page, module: Module): string => markup(page, summaryOf(module)).replace(/\.$/, "")

export const storesPage = (): string => {
  const page = pageOf("stores")
  return text([
    "# Stores",
    "",
    madeBy,
    "",
    "A store is a layer that provides `KeyValue` and `Health`, and the capabilities that its backend has. This page lists all stores of effect-kv.",
    "",
    ...table(
      ["store", "what it does", "import", "capabilities"],
      of("stores").map((module) => [link(module), summary(page, module), `\`${module.from}\``, shortText(module)])
    ),
    "",
    "The capabilities are [`Enumeration`](../modules/Enumeration.md) (list keys and collections), [`Maintenance`](../modules/Maintenance.md) (clear, remove expired entries) and [`Atomic`](../modules/Atomic.md) (update, increment, put if absent). A program that needs a capability does not compile with a store that lacks it.",
    "",
    "To write your own store, see [Custom wrappers and stores](../../guides/custom-wrappers.md)."
  ])
}

export const wrappersPage = (): string => {
  const page = pageOf("wrappers")
  const byName = new Map(of("wrappers").map((it) => [it.name, it]))
  const rows = (names: ReadonlyArray<string>) =>
    names.map((name) => byName.get(name)!).map((it) => [link(it), summary(page, it), shortText(it)])
  const head = ["wrapper", "what it does", "capabilities"]
  return text([
    "# Wrappers",
    "",
    madeBy,
    "",
    "A wrapper transforms the layer of a store, and adds one behavior to it. This page lists all wrappers of effect-kv.",
    "",
    "You add a wrapper by piping a layer into `X.wrap(options)`. Start with the store; each wrapper wraps everything before it.",
    "",
    "In the recommended order, from the store outward. Use the ones that you need. [Wrappers and their order](../../concepts/wrappers-and-order.md) explains the order.",
    "",
    ...table(head, rows(order.flat())),
    "",
    "`Stack` applies several wrappers in the right order: see [Stack](../modules/Stack.md). To write your own wrapper, see [Custom wrappers and stores](../../guides/custom-wrappers.md)."
  ])
}

export const modulesPage = (): string => {
  const page = pageOf("modules")
  return text([
    "# Services and tools",
    "",
    madeBy,
    "",
    "These modules are the services that your program uses, and what is built on them. They work with every store and every stack of wrappers.",
    "",
    ...table(
      ["module", "what it is for", "import"],
      of("modules").map((module) => [link(module), summary(page, module), `\`${module.from}\``])
    )
  ])
}
