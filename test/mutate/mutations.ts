/** The small changes that a syntax tree allows. */
import { parseSync } from "rolldown/utils"

/** A part of a file, and what stands there in the mutant. */
export interface Mutation {
  readonly file: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly original: string
  readonly replacement: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

type Change = readonly [part: Pick<Node, "start" | "end">, replacement: string]

type Operator = (node: Node, textOf: (node: Node) => string, enclosing: Node | undefined) => ReadonlyArray<Change>

/** All mutations of a file, in the order of the text. */
export const mutationsOf = (file: string, text: string): ReadonlyArray<Mutation> => {
  const textOf = ({ start, end }: Node) => text.slice(start, end)
  const found = new Map<string, Mutation>()
  const visit = (node: Node, enclosing: Node | undefined): void => {
    for (const operator of operators)
      for (const [{ start, end }, replacement] of operator(node, textOf, enclosing)) {
        const original = text.slice(start, end)
        const line = text.slice(0, start).split("\n").length
        if (original !== replacement)
          found.set(`${start} ${end} ${replacement}`, { file, line, start, end, original, replacement })
      }
    const inner = isFunction(node) ? node : enclosing
    for (const child of childrenOf(node)) visit(child, inner)
  }
  visit(parseSync(file, text).program as unknown as Node, undefined)
  return [...found.values()].sort((a, b) => a.start - b.start || a.end - b.end)
}

export const mutate = (text: string, { start, end, replacement }: Mutation): string =>
  text.slice(0, start) + replacement + text.slice(end)

/** A mutation in one line. */
export const changeOf = ({ original, replacement }: Mutation): string =>
  `${oneLine(original)} → ${replacement === "" ? "(removed)" : oneLine(replacement)}`

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length <= 100 ? line : `${line.slice(0, 70)} … ${line.slice(-25)}`
}

const childrenOf = (node: Node): ReadonlyArray<Node> =>
  Object.values(node)
    .flatMap((value): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
    .filter(({ type }) => !isTypeOnly(type))

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

const isTypeOnly = (type: string): boolean =>
  type === "ImportDeclaration" || (type.startsWith("TS") && !expressionsWithTypes.has(type))

const expressionsWithTypes = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"])

const isFunction = ({ type }: Node): boolean => /^(?:ArrowFunction|Function)(?:Expression|Declaration)$/.test(type)

const conditions: Operator = ({ type, test }, textOf) => {
  if (type === "WhileStatement") return [[test as Node, "false"]]
  if (type !== "IfStatement" && type !== "ConditionalExpression") return []
  const condition = test as Node
  const ways: ReadonlyArray<Change> = [
    [condition, "true"],
    [condition, "false"]
  ]
  // An equality is negated by another operator.
  return /^[!=]==$/.test(String(condition.operator)) ? ways : [...ways, [condition, `!(${textOf(condition)})`]]
}

const exchanged: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&&": "||",
  "||": "&&",
  "++": "--",
  "--": "++",
  "+=": "-=",
  "-=": "+="
}

const isText = ({ type, value }: Node): boolean =>
  type === "TemplateLiteral" || (type === "Literal" && typeof value === "string")

const operations: Operator = (node, textOf) => {
  const other = exchanged[String(node.operator)]
  if (node.type === "UpdateExpression" && other !== undefined)
    return [[node, node.prefix ? other + textOf(node.argument as Node) : textOf(node.argument as Node) + other]]
  const left = node.left as Node
  const right = node.right as Node
  if (!/^(?:Binary|Logical|Assignment)Expression$/.test(node.type) || isText(left) || isText(right)) return []
  if (node.operator === "??")
    return [
      [node, textOf(left)],
      [node, `(${textOf(right)})`]
    ] as const
  return other === undefined ? [] : [[node, `${textOf(left)} ${other} ${textOf(right)}`]]
}

const literals: Operator = (node) => {
  if (node.type !== "Literal") return []
  if (typeof node.value === "boolean") return [[node, String(!node.value)]]
  return typeof node.value === "number" ? [node.value + 1, node.value - 1].map((value) => [node, `(${value})`]) : []
}

/** Methods whose receiver can stand for their result. */
const methods = new Set(["filter", "slice", "sort", "toSorted", "reverse", "toReversed", "concat", "flat", "trim"])

/** Combinators of effects whose first argument can stand for their result. */
const combinators =
  /^(?:uninterruptible|interruptible|ensuring|tap.*|on[A-Z].*|catch.*|mapError|filter.*|repeat.*|retry.*|timeout.*|delay|andThen|provide.*)$/

const calls: Operator = (node, textOf) => {
  if (node.type !== "CallExpression") return []
  const callee = node.callee as Node
  const list = node.arguments as ReadonlyArray<Node>
  if (callee.type !== "MemberExpression") return []
  const receiver = callee.object as Node
  const name = textOf(callee.property as Node)
  const isModule = /^[A-Z]\w*$/.test(textOf(receiver))
  if (!isModule && name === "pipe")
    return list.map((_, i) => {
      const rest = list.filter((_, other) => other !== i).map(textOf)
      return [node, rest.length === 0 ? textOf(receiver) : `${textOf(receiver)}.pipe(${rest.join(", ")})`]
    })
  if (!isModule && methods.has(name)) return [[node, textOf(receiver)]]
  if (!isModule || !combinators.test(name) || list.length === 0) return []
  const [first, second] = list
  return name === "andThen" && second !== undefined
    ? ([
        [node, textOf(first!)],
        [node, textOf(second)]
      ] as const)
    : [[node, textOf(first!)]]
}

const statements: Operator = ({ type, expression, ...node }, textOf) => {
  if (type === "ExpressionStatement") {
    const removable = /^(?:Call|Yield|Assignment|Update)Expression$/.test((expression as Node).type)
    return removable && !textOf(expression as Node).startsWith("super(") ? [[node, ";"]] : []
  }
  return []
}

/** The result of a function that may return `undefined`. */
const returns: Operator = ({ type, argument }, textOf, enclosing) =>
  type === "ReturnStatement" &&
  isNode(argument) &&
  isNode(enclosing?.returnType) &&
  /\bundefined\b/.test(textOf(enclosing.returnType))
    ? [[argument, "undefined"]]
    : []

/** What an object gets from another one, or sets to `undefined`. */
const properties: Operator = ({ type, properties }, textOf) =>
  type === "ObjectExpression"
    ? (properties as ReadonlyArray<Node>)
        .filter((property) => property.type === "SpreadElement" || textOf(property.value as Node) === "undefined")
        .map((property) => [property, "...{}"])
    : []

const operators: ReadonlyArray<Operator> = [conditions, operations, literals, calls, statements, returns, properties]
