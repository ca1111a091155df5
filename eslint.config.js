// The rules of the page's JavaScript; types are tsc's affair (tsconfig.json).

export default [
  {
    files: ["src/tangyin/web/*.js", "src/tangyin/web/browser/*.js", "src/tangyin/web/static/*.js"],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "consistent-return": "error",
      "default-case-last": "error",
      "eqeqeq": "error",
      "no-console": "error",
      "no-constant-condition": ["error", { checkLoops: false }],
      "no-dupe-keys": "error",
      "no-eval": "error",
      "no-fallthrough": "error",
      "no-implied-eval": "error",
      "no-shadow": "error",
      "no-unreachable": "error",
      "no-unused-private-class-members": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-useless-assignment": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "complexity": ["error", 14],
    },
  },
];
