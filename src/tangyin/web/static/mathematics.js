// The equations of one step, in MathML, in the notation of the derivation.

const MATHML = "http://www.w3.org/1998/Math/MathML";

function node(name, ...children) {
  const element = document.createElementNS(MATHML, name);
  element.append(...children);
  return element;
}

const mi = (name) => node("mi", name);
const mn = (number) => node("mn", number);

function mo(sign) {
  const element = node("mo", sign);
  // Brackets as high as the line: no row of ours is higher.
  if ("()[]".includes(sign)) element.setAttribute("stretchy", "false");
  return element;
}

const sub = (base, ...index) => node("msub", mi(base), node("mrow", ...index));
const at = (base, before = false) => (before ? sub(base, mi("t"), mo("−"), mn("1")) : sub(base, mi("t")));
const after = (base) => sub(base, mi("t"), mo("+"), mn("1"));
const of = (name, ...inner) => [mi(name), mo("("), ...inner, mo(")")];
const transposed = (base, ...index) => node("msubsup", mi(base), node("mrow", ...index), mo("⊤"));
const times = (...factors) => factors.flatMap((factor, n) => (n ? [mo("⊙"), factor] : [factor]).flat());
const nabla = (base, ...index) => node("mrow", mo("∇"), index.length ? sub(base, ...index) : at(base));

function block(...rows) {
  const math = node("math", node("mtable", ...rows.map(([left, ...right]) => node("mtr", node("mtd", left), node("mtd", mo("="), ...right)))));
  math.setAttribute("display", "block");
  math.firstChild.setAttribute("displaystyle", "true");
  const holder = document.createElement("div");
  holder.className = "equations";
  holder.tabIndex = 0;
  holder.lang = "en"; // which chooses the font of formulas
  holder.setAttribute("role", "group");
  holder.append(math);
  return holder;
}

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

/** What one step hands back, in the notation of the derivation: ∇a is the loss differentiated by a. */
export function gradients() {
  const squared = (base) => node("msubsup", mi(base), mi("t"), mn("2"));
  const within = (...terms) => [mo("("), mn("1"), mo("−"), ...terms, mo(")")];
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

/** What one step does to the gradient along the cell state, the gates held fixed. */
export const gradient = () => block(
  [node("mfrac", node("mrow", mo("∂"), at("c")), node("mrow", mo("∂"), at("c", true))), ...of("diag", at("f"))],
);
