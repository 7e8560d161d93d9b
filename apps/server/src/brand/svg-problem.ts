import {
  parseXml,
  XmlElement,
  XmlError,
  type XmlNode,
  XmlProcessingInstruction,
} from '@rgrove/parse-xml'

const SVG = 'http://www.w3.org/2000/svg'

/** Elements that run scripts, hold HTML, or lead elsewhere, in lower case. */
const REFUSED_ELEMENTS = new Set([
  ...['script', 'handler', 'listener', 'foreignobject', 'iframe', 'object', 'embed'],
  ...['audio', 'video', 'a'],
])

const REFERENCES = /^(href|src|base)$/
const OWN_REFERENCE = /^\s*(#|data:image\/(png|jpeg|gif|webp)[;,])/i
/** CSS that could load something. An escape could hide it. */
const LOADING_CSS = /@import|\\|image-set|cross-fade|src\s*\(|\/\//i
/** The same for attributes, which name namespaces with two slashes. */
const LOADING_ATTRIBUTE = /\\|image-set|cross-fade|src\s*\(/i
const FOREIGN_URL = /url\s*\(\s*(?!["']?#)/i

/**
 * Checks that a picture in SVG neither runs scripts nor loads anything.
 * @returns what is wrong, to follow the name of the file, or `undefined`
 */
export const svgProblem = (text: string): string | undefined => {
  let root: XmlElement | null
  let nodes: readonly XmlNode[]
  try {
    const document = parseXml(text, { preserveCdata: true, preserveDocumentType: true })
    root = document.root
    nodes = document.children
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return `is no well-formed XML, see line ${error.line}, column ${error.column}`
  }
  if (root === null || localName(root.name) !== 'svg' || !isSvg(root, namespacesIn(root))) {
    return `must have the root element svg of the namespace ${SVG}`
  }
  const open: [XmlNode, Namespaces][] = nodes.map((node) => [node, {}])
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, outer] = next
    const namespaces = node instanceof XmlElement ? namespacesIn(node, outer) : outer
    const problem = nodeProblem(node, namespaces)
    if (problem !== undefined) return `must not have ${problem}`
    if (node instanceof XmlElement) {
      for (const child of node.children) open.push([child, namespaces])
    }
  }
  return undefined
}

const nodeProblem = (node: XmlNode, namespaces: Namespaces): string | undefined => {
  if (node instanceof XmlProcessingInstruction) return `the processing instruction ${node.name}`
  if ('internalSubset' in node && node.internalSubset) return 'declarations in its DOCTYPE'
  if (!(node instanceof XmlElement)) return undefined
  const name = localName(node.name)
  if (REFUSED_ELEMENTS.has(name)) return `the element ${node.name}`
  if (!isSvg(node, namespaces)) {
    return `the element ${node.name}, which is outside the namespace of SVG`
  }
  if (name === 'style' && isLoading(node.text)) return 'a style that loads something'
  for (const [attribute, value] of Object.entries(node.attributes)) {
    if (isRefused(localName(attribute), value)) return `the attribute ${attribute} of ${node.name}`
  }
  return undefined
}

const isRefused = (attribute: string, value: string): boolean => {
  if (attribute.startsWith('on')) return true
  if (REFERENCES.test(attribute)) return !OWN_REFERENCE.test(value)
  // An animation can set any attribute later.
  if (attribute === 'attributename') return /^on|href|src|style/i.test(localName(value))
  if (attribute === 'style') return isLoading(value)
  // Many attributes are CSS, where an escape could hide a URL.
  return LOADING_ATTRIBUTE.test(value) || FOREIGN_URL.test(value)
}

const isLoading = (css: string): boolean => LOADING_CSS.test(css) || FOREIGN_URL.test(css)

/** A name without its prefix, in lower case. */
const localName = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase()

/** The namespaces in force at a place of the document, by the attribute that declares them. */
type Namespaces = Readonly<Record<string, string>>

const namespacesIn = ({ attributes }: XmlElement, outer: Namespaces = {}): Namespaces => {
  const own = Object.entries(attributes).filter(([name]) => /^xmlns(:|$)/.test(name))
  return own.length === 0 ? outer : { ...outer, ...Object.fromEntries(own) }
}

const isSvg = ({ name }: XmlElement, namespaces: Namespaces): boolean =>
  namespaces[name.includes(':') ? `xmlns:${name.split(':', 1)[0]}` : 'xmlns'] === SVG
