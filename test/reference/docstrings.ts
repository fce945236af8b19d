/** Reads exports, options and their docstrings from the source text that declares them. */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseAst } from "rolldown/parseAst"

/** A node of the syntax tree. Only the fields that are read here have types. */
type Node = Record<string, any> & { readonly type: string; readonly start: number; readonly end: number }

/** An option as its type declares it. */
export interface Member {
  readonly name: string
  /** The docstring as one line, without its margin. Links are kept as `{@link X}`. */
  readonly doc: string | undefined
  /** What comes before the first heading of the docstring, on one line. */
  readonly lead: string
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

/** The text of a comment without its margin. */
const withoutMargin = (comment: string): string => comment.replace(/^[ \t]*\* ?/gm, "").trim()

/** The text of the docstring that ends right before a position. */
const docBefore = (text: string, position: number): string | undefined => {
  const before = text.slice(0, position).trimEnd()
  return before.endsWith("*/") ? withoutMargin(before.slice(before.lastIndexOf("/**") + 3, -2)) : undefined
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** Types whose options are those of their first argument. What `Omit` leaves out has no description. */
const transparent = ["ReadonlyArray", "NonNullable", "Readonly", "Partial", "Omit"]

const isUndefined = ({ type }: Node): boolean => type === "TSUndefinedKeyword" || type === "TSNeverKeyword"

/** The members of a type, with those of each part of a union or intersection. */
const membersOfType = ({ file, node }: Located): ReadonlyArray<Member> => {
  const within = (inner: Node) => membersOfType({ file, node: inner })
  switch (node.type) {
    case "TSInterfaceDeclaration":
      return overriding(
        node.extends.flatMap(({ expression }: Node) => named(file, expression.name)),
        node.body.body.flatMap((it: Node) => memberOf(file, it))
      )
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
  const comment = docBefore(text, node.start)
  return [
    {
      name: node.key.name,
      doc: comment === undefined ? undefined : oneLine(comment),
      lead: oneLine(docOf(comment ?? "").lead),
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

/** Inherited members, without those that the interface declares again. */
const overriding = (inherited: ReadonlyArray<Member>, own: ReadonlyArray<Member>): ReadonlyArray<Member> => {
  const names = own.map(({ name }) => name)
  return merged([...inherited.filter(({ name }) => !names.includes(name)), ...own])
}

/** The members of a union. Only what every alternative requires is required. */
const alternatives = (all: ReadonlyArray<ReadonlyArray<Member>>): ReadonlyArray<Member> =>
  merged(all.flat()).map((member) => ({
    ...member,
    isRequired: all.every((members) => members.some(({ name, isRequired }) => name === member.name && isRequired))
  }))

/** The members of a type that a file declares or imports. */
export const membersOf = (file: string, type: string): ReadonlyArray<Member> => named(file, type)

/** The fields of an error class, which are the type argument of the class that it extends. */
export const fieldsOfClass = (file: string, name: string): ReadonlyArray<Member> => {
  const [node] = declarationOf(file, name)?.node.superTypeArguments?.params ?? []
  return node === undefined ? [] : membersOfType({ file, node })
}

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

/** A docstring by its headings, such as **Details**. */
export interface Doc {
  /** What comes before the first heading. */
  readonly lead: string
  readonly sections: ReadonlyArray<DocSection>
}

export interface DocSection {
  readonly title: string
  /** What stands beside the heading in parentheses. */
  readonly caption: string | undefined
  readonly text: string
}

/** Reads a docstring. Tags such as `@since` are left out. */
export const docOf = (comment: string): Doc => {
  const [lead = "", ...parts] = comment
    .replace(/^@\w+.*$/gm, "")
    .split(/^(?=\*\*[A-Z][^*\n]*\*\*(?: \(.*\))?$)/m)
    .map((part) => part.trim())
  const sections = parts.map((part) => {
    const [, title = "", caption, text = ""] = /^\*\*([^*\n]+)\*\*(?: \((.*)\))?\n([\s\S]*)$/.exec(part) ?? []
    return { title, caption, text: text.trim() }
  })
  return { lead, sections }
}

/** The docstring at the beginning of a file. */
export const moduleDocOf = (file: string): Doc => {
  const [, comment = ""] = /^\/\*\*([\s\S]*?)\*\//.exec(sourceOf(file).text) ?? []
  return docOf(withoutMargin(comment))
}

/** An export of a module. */
export interface Exported {
  readonly name: string
  readonly kind: "value" | "class" | "type"
  readonly doc: Doc
  /** What follows the name in a call, with types: `(options?: Options): Wrapper`, or `: Type` of a constant. */
  readonly signature: string
}

/** The exports of a module in their order, without those that are internal or have no docstring. */
export const exportsOf = (file: string): ReadonlyArray<Exported> =>
  sourceOf(file).body.flatMap((statement) => {
    const from: string | undefined = statement.source?.value
    if (statement.type === "ExportAllDeclaration" && statement.exported === null && from?.startsWith(".")) {
      return exportsOf(join(dirname(file), from))
    }
    if (statement.type !== "ExportNamedDeclaration") return []
    if (statement.declaration) return exportedOf(file, statement, statement.declaration)
    if (!from?.startsWith(".")) return []
    const names: ReadonlyArray<string> = statement.specifiers.map((it: Node) => it.exported.name)
    return exportsOf(join(dirname(file), from)).filter(({ name }) => names.includes(name))
  })

const exportedOf = (file: string, statement: Node, declared: Node): ReadonlyArray<Exported> => {
  const { text } = sourceOf(file)
  const comment = docBefore(text, statement.start)
  if (comment === undefined || comment.includes("@internal")) return []
  const [declarator = declared] = declared.declarations ?? []
  const kind = declared.type === "ClassDeclaration" ? "class" : declared.type.startsWith("TS") ? "type" : "value"
  const signature = kind === "value" ? signatureOf(text, declarator) : ""
  return [{ name: declarator.id.name, kind, doc: docOf(comment), signature }]
}

/** A type on one line. The members of an object get semicolons. */
const onOneLine = (type: string): string =>
  oneLine(type.replace(/(?<=[^{;,\s])\n\s+(?=readonly )/g, "; ")).replace(/(?<=<) | (?=>)/g, "")

const signatureOf = (text: string, declarator: Node): string => {
  const written = (node: Node | undefined): string => (node === undefined ? "" : text.slice(node.start, node.end))
  const annotation: Node | undefined = declarator.id?.typeAnnotation
  if (annotation) {
    const overload: Node | undefined = annotation.typeAnnotation.members?.[0]
    const shown = overload?.type === "TSCallSignatureDeclaration" ? written(overload) : written(annotation)
    return onOneLine(shown)
  }
  // The parameters of `Effect.fnUntraced(function* (…) {})` are those of the function in it.
  let made: Node | undefined = declarator.init ?? declarator
  if (made?.type === "CallExpression") made = made.arguments[0]
  let signature = ""
  while (made?.params !== undefined) {
    // `Service<Self>()`: only functions without parameters show those of the type.
    if (made.params.length === 0 && made.typeParameters) signature += written(made.typeParameters)
    signature += `(${made.params.map((it: Node) => parameterOf(text, it)).join(", ")})`
    if (made.returnType) {
      const returned = written(made.returnType).replace("Effect.fn.Return<", "Effect.Effect<")
      return signature + onOneLine(returned)
    }
    made = made.body
  }
  return signature
}

/** A parameter with its type. Parameters that are taken apart, or are named `config`, have the name `options`. */
const parameterOf = (text: string, parameter: Node): string => {
  const inner: Node = parameter.left ?? parameter
  const own: string | undefined = inner.name
  const name = own === undefined || own === "config" ? "options" : own
  const optional = parameter.left !== undefined || inner.optional === true ? "?" : ""
  const annotation: Node | null | undefined = inner.typeAnnotation
  const type = annotation ? onOneLine(text.slice(annotation.start, annotation.end)) : ""
  return `${name}${optional}${type}`
}

/** The first sentence of a docstring: what the option does. */
export const sentenceOf = (doc: string): string => {
  const [first = ""] = doc.split(/(?<=\.)\s+(?=[A-Z0-9`"(])/)
  return first
}

/** What the last sentence says about the default. */
export const defaultOf = (doc: string): string | undefined =>
  /(?:^|\. |\) )Default: ((?:(?!\. [A-Z]).)*)\.$/.exec(doc)?.[1]
