/** Reads options and their docstrings from the source text of the types that declare them. */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseAst } from "rolldown/parseAst"

/** A node of the syntax tree. Only the fields that are read here have types. */
type Node = Record<string, any> & { readonly type: string; readonly start: number; readonly end: number }

/** An option as its type declares it. */
export interface Member {
  readonly name: string
  /** The docstring as one line, without its margin. */
  readonly doc: string | undefined
  /** The type without `undefined`, as it is written. */
  readonly type: string
  readonly isRequired: boolean
  /** The options of a nested object, or of each item of a list. */
  readonly members: ReadonlyArray<Member>
}

/** A type in the file that it is written in. */
interface Located {
  readonly file: string
  readonly node: Node
}

interface Source {
  readonly text: string
  readonly body: ReadonlyArray<Node>
}

const sources = new Map<string, Source>()

const sourceOf = (file: string): Source => {
  const known = sources.get(file)
  if (known !== undefined) return known
  const text = readFileSync(file, "utf8")
  const source = { text, body: parseAst(text, { lang: "ts" }).body as ReadonlyArray<any> }
  sources.set(file, source)
  return source
}

/** The declaration of a name, in the file itself or in the one that it is imported from. */
const declarationOf = (file: string, name: string): Located | undefined => {
  for (const statement of sourceOf(file).body) {
    const declared: Node = statement.declaration ?? statement
    if (declared.id?.name === name) return { file, node: declared }
    for (const declarator of declared.declarations ?? []) {
      if (declarator.id.name === name) return { file, node: declarator }
    }
    const specifier = (statement.specifiers as ReadonlyArray<Node> | undefined)?.find(
      (it) => (it.local?.name ?? it.exported?.name) === name || it.exported?.name === name
    )
    const from: string | undefined = statement.source?.value
    if (from === undefined || !from.startsWith(".")) continue
    const original: string = specifier?.imported?.name ?? specifier?.local?.name ?? name
    const isHandedOn = specifier !== undefined || statement.type === "ExportAllDeclaration"
    const found = isHandedOn ? declarationOf(join(dirname(file), from), original) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** The text of the docstring that ends right before a position. */
const docBefore = (text: string, position: number): string | undefined => {
  const before = text.slice(0, position).trimEnd()
  if (!before.endsWith("*/")) return undefined
  const comment = before.slice(before.lastIndexOf("/**") + 3, -2)
  return comment
    .replace(/^[ \t]*\*/gm, "")
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .trim()
}

/** Types whose options are those of their first argument. What `Omit` leaves out has no description. */
const transparent = ["ReadonlyArray", "NonNullable", "Readonly", "Partial", "Omit"]

const isUndefined = ({ type }: Node): boolean => type === "TSUndefinedKeyword" || type === "TSNeverKeyword"

/** The members of a type, with those of each part of a union or intersection. */
const membersOfType = ({ file, node }: Located): ReadonlyArray<Member> => {
  const within = (inner: Node) => membersOfType({ file, node: inner })
  switch (node.type) {
    case "TSInterfaceDeclaration":
      return merged([
        ...node.extends.flatMap(({ expression }: Node) => named(file, expression.name)),
        ...node.body.body.flatMap((it: Node) => memberOf(file, it))
      ])
    case "TSTypeAliasDeclaration":
      return within(node.typeAnnotation)
    case "TSTypeLiteral":
      return node.members.flatMap((it: Node) => memberOf(file, it))
    case "TSIntersectionType":
      return merged(node.types.flatMap(within))
    case "TSUnionType":
      return alternatives(node.types.map(within))
    case "TSParenthesizedType":
    case "TSTypeOperator":
      return within(node.typeAnnotation)
    case "TSArrayType":
      return within(node.elementType)
    case "TSTupleType":
      return merged(node.elementTypes.flatMap((it: Node) => within(it.typeAnnotation ?? it)))
    case "TSRestType":
      return within(node.typeAnnotation)
    case "TSConditionalType":
      return within(node.trueType)
    case "TSTypeReference": {
      const name: string = node.typeName.name
      return transparent.includes(name) ? within(node.typeArguments.params[0]) : named(file, name)
    }
    default:
      return []
  }
}

const named = (file: string, name: string): ReadonlyArray<Member> => {
  const found = declarationOf(file, name)
  return found === undefined ? [] : membersOfType(found)
}

const memberOf = (file: string, node: Node): ReadonlyArray<Member> => {
  if (node.type !== "TSPropertySignature") return []
  const annotation: Node = node.typeAnnotation.typeAnnotation
  const parts: ReadonlyArray<Node> = annotation.type === "TSUnionType" ? annotation.types : [annotation]
  const types = parts.filter((it) => !isUndefined(it))
  // An option that another form of the options has.
  if (types.length === 0) return []
  const { text } = sourceOf(file)
  return [
    {
      name: node.key.name,
      doc: docBefore(text, node.start),
      type: types.map((it) => text.slice(it.start, it.end)).join(" | "),
      isRequired: node.optional !== true,
      members: alternatives(
        types.map((inner) => membersOfType({ file, node: inner })).filter((members) => members.length > 0)
      )
    }
  ]
}

/** One member for each name. */
const merged = (members: ReadonlyArray<Member>): ReadonlyArray<Member> => {
  const byName = new Map<string, Member>()
  for (const member of members) {
    const known = byName.get(member.name)
    byName.set(member.name, known?.doc === undefined ? member : known)
  }
  return [...byName.values()]
}

/** The members of a union. Only what every alternative requires is required. */
const alternatives = (all: ReadonlyArray<ReadonlyArray<Member>>): ReadonlyArray<Member> =>
  merged(all.flat()).map((member) => ({
    ...member,
    isRequired: all.every((members) => members.some(({ name, isRequired }) => name === member.name && isRequired))
  }))

/** The members of a type that a file declares or imports. */
export const membersOf = (file: string, type: string): ReadonlyArray<Member> => named(file, type)

/** The members of the type that `options.of<T>()` describes. */
export const membersOfDescribed = (file: string, constant: string): ReadonlyArray<Member> => {
  const declared = declarationOf(file, constant)
  const of = declared?.node.init?.callee?.callee
  const [node] = declared?.node.init?.callee?.typeArguments?.params ?? []
  if (declared === undefined || of === undefined || node === undefined) return []
  return membersOfType({ file: declared.file, node })
}

/** The member that a row of a description is about. */
export const find = (members: ReadonlyArray<Member>, path: string): Member | undefined => {
  const [outer, ...rest] = path.split(".")
  const member = members.find(({ name }) => name === outer)
  return rest.length === 0 ? member : member && find(member.members, rest.join("."))
}

/** The literals of a type such as `Envelope`, as it is written. */
export const aliasOf = (file: string, name: string): string | undefined => {
  const found = declarationOf(file, name)
  if (found?.node.type !== "TSTypeAliasDeclaration") return undefined
  const { start, end } = found.node.typeAnnotation
  return sourceOf(found.file).text.slice(start, end)
}

/** The names of the parameters of an exported function. Options have the name `options`. */
export const parametersOf = (file: string, name: string): ReadonlyArray<string> => {
  const declared = declarationOf(file, name)?.node
  // The parameters of `Effect.fnUntraced(function* (…) {})` are those of the function in it.
  const made: Node | undefined = declared?.init?.arguments?.[0] ?? declared?.init ?? declared
  const parameters: ReadonlyArray<Node> = made?.params ?? []
  return parameters.map((it) => {
    const parameter: Node = it.left ?? it
    const own: string | undefined = parameter.name
    return own === undefined || own === "config" ? "options" : own
  })
}

/** The first sentence of a docstring: what the option does. */
export const sentenceOf = (doc: string): string => {
  const [first = ""] = doc.split(/(?<=\.)\s+(?=[A-Z0-9`"(])/)
  return first
}

/** What the last sentence says about the default. */
export const defaultOf = (doc: string): string | undefined =>
  /(?:^|\. |\) )Default: ((?:(?!\. [A-Z]).)*)\.$/.exec(doc)?.[1]
