// The equations of one step, in MathML, in the notation of the derivation.

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** @param {string} name @param {...(Node | string)} children */
function node(name, ...children) {
  const element = document.createElementNS(MATHML, name);
  element.append(...children);
  return element;
}

/** @param {string} name */
const mi = (name) => node("mi", name);
/** @param {string} number */
const mn = (number) => node("mn", number);

/** @param {string} sign */
function mo(sign) {
  const element = node("mo", sign);
  // Brackets as high as the line: no row of ours is higher.
  if ("()[]".includes(sign)) element.setAttribute("stretchy", "false");
  return element;
}

/** @typedef {(base: string, ...index: Element[]) => Element} Indexed */

/** @type {Indexed} */
const sub = (base, ...index) => node("msub", mi(base), node("mrow", ...index));
/** @param {string} base */
const at = (base, before = false) => (before ? sub(base, mi("t"), mo("−"), mn("1")) : sub(base, mi("t")));
/** @param {string} base */
const after = (base) => sub(base, mi("t"), mo("+"), mn("1"));
/** @type {(name: string, ...inner: Element[]) => Element[]} */
const of = (name, ...inner) => [mi(name), mo("("), ...inner, mo(")")];
/** @type {Indexed} */
const transposed = (base, ...index) => node("msubsup", mi(base), node("mrow", ...index), mo("⊤"));
/** @type {(...factors: (Element | Element[])[]) => Element[]} */
const times = (...factors) => factors.flatMap((factor, n) => (n ? [mo("⊙"), factor] : [factor]).flat());
/** @type {Indexed} */
const nabla = (base, ...index) => node("mrow", mo("∇"), index.length ? sub(base, ...index) : at(base));

/** @param {...Element[]} rows */
function block(...rows) {
  const table = node("mtable", ...rows.map(([left, ...right]) => node("mtr", node("mtd", left), node("mtd", mo("="), ...right))));
  table.setAttribute("displaystyle", "true");
  const math = node("math", table);
  math.setAttribute("display", "block");
  const holder = document.createElement("div");
  holder.className = "equations";
  holder.tabIndex = 0;
  holder.lang = "en"; // which chooses the font of formulas
  holder.setAttribute("role", "group");
  holder.append(math);
  return holder;
}

/** @param {string} gate */
const affine = (gate) => [sub("W", mi(gate)), at("z"), mo("+"), sub("b", mi(gate))];

/** One step of the LSTM. */
export const equations = () => block(
  [at("z"), mo("["), at("h", true), mo(","), at("x"), mo("]")],
  [at("i"), ...of("σ", ...affine("i"))],
  [at("f"), ...of("σ", ...affine("f"))],
  [at("g"), ...of("tanh", ...affine("g"))],
  [at("o"), ...of("σ", ...affine("o"))],
  [at("c"), at("f"), mo("⊙"), at("c", true), mo("+"), at("i"), mo("⊙"), at("g")],
  [at("h"), at("o"), mo("⊙"), ...of("tanh", at("c"))],
);

/** The gradients of one step, in the notation of the derivation: ∇a is that of the loss by a. */
export function gradients() {
  /** @param {string} base */
  const squared = (base) => node("msubsup", mi(base), mi("t"), mn("2"));
  /** @param {...Element} terms */
  const within = (...terms) => [mo("("), mn("1"), mo("−"), ...terms, mo(")")];
  /** @param {string} gate */
  const slope = (gate) => [at(gate), mo("⊙"), ...within(at(gate))];
  return block(
    [nabla("h"), node("msup", mi("U"), mo("⊤")), nabla("u"), mo("+"), transposed("W", mi("h"), mi("h")), node("mrow", mo("∇"), after("y"))],
    [nabla("c"), ...times(at("o"), within(node("msup", mi("tanh"), mn("2")), at("c")), nabla("h")), mo("+"), ...times(after("f"), node("mrow", mo("∇"), after("c")))],
    [nabla("y", mi("i")), ...times(slope("i"), at("g"), nabla("c"))],
    [nabla("y", mi("f")), ...times(slope("f"), at("c", true), nabla("c"))],
    [nabla("y", mi("g")), ...times(within(squared("g")), at("i"), nabla("c"))],
    [nabla("y", mi("o")), ...times(slope("o"), of("tanh", at("c")), nabla("h"))],
    [nabla("W", mi("λ")), node("munder", mo("∑"), mi("t")), nabla("y", mi("λ"), mo(","), mi("t")), node("msubsup", mi("z"), mi("t"), mo("⊤"))],
  );
}

/** The gradient along the cell state in one step, the gates held fixed. */
export const gradient = () => block(
  [node("mfrac", node("mrow", mo("∂"), at("c")), node("mrow", mo("∂"), at("c", true))), ...of("diag", at("f"))],
);
