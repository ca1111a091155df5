// The equations of one step, in MathML, in the notation of the derivation.

const MATHML = "http://www.w3.org/1998/Math/MathML";

function node(name, ...children) {
  const element = document.createElementNS(MATHML, name);
  element.append(...children);
  return element;
}

const mi = (name) => node("mi", name);
const mo = (sign) => node("mo", sign);
const sub = (base, ...index) => node("msub", mi(base), node("mrow", ...index));
const at = (base, before = false) => (before ? sub(base, mi("t"), mo("−"), node("mn", "1")) : sub(base, mi("t")));
const of = (name, ...inner) => [mi(name), mo("("), ...inner, mo(")")];

function block(...rows) {
  const math = node("math", node("mtable", ...rows.map(([left, ...right]) => node("mtr", node("mtd", left), node("mtd", mo("="), ...right)))));
  math.setAttribute("display", "block");
  math.firstChild.setAttribute("displaystyle", "true");
  const holder = document.createElement("div");
  holder.className = "equations";
  holder.tabIndex = 0;
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

/** What one step does to the gradient along the cell state, the gates held fixed. */
export const gradient = () => block(
  [node("mfrac", node("mrow", mo("∂"), at("c")), node("mrow", mo("∂"), at("c", true))), ...of("diag", at("f"))],
);
