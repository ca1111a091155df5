// Formulas: arithmatex has put each into an element of its own, so that dollars elsewhere stay dollars.

for (const element of document.querySelectorAll(".arithmatex"))
  renderMathInElement(element, {
    delimiters: [
      { left: "\\[", right: "\\]", display: true },
      { left: "\\(", right: "\\)", display: false },
    ],
    throwOnError: false, // a faulty formula stays readable; tests/docs finds it by its class
  });
