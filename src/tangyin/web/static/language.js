// The words of the interface, in Chinese and English.

/** @type {Record<"zh" | "en", Record<string, string>>} */
const WORDS = {
  zh: {
    skip: "跳到正文", sections: "頁面", theme: "明暗", compose: "作詩", check: "校律", study: "學理",
    "title-hint": "題目", keeping: "格律", form: "詩體", title: "題目",
    regulated: "近體", free: "自由", inspiration: "靈感", amount: "放任", wishes: "要求（韻、句式、藏頭……）",
    "acrostic-hint": "春夏秋冬", "include-hint": "明月 故人", "avoid-hint": "愁恨",
    "seed-hint": "隨機", write: "作詩", stop: "停止", any: "不限",
    poem: "詩稿；可在任何一格寫字，用方向鍵移動", tools: "對這首詩", undo: "復原", redo: "重做",
    complete: "補完全詩", "rewrite-rest": "重寫其餘各句", "write-another": "另寫一首", several: "寫三首來選", working: "正在寫",
    "new-draft": "新稿", shelf: "詩稿", search: "搜尋題目和詩句", "no-drafts": "沒有這樣的詩稿", "undo-delete": "復原刪除",
    rename: "「{name}」的題目", "delete-draft": "刪除「{name}」", delete: "刪除", "empty-draft": "（空白）",
    horizontal: "橫排", simplified: "简体", tones: "平仄", "to-check": "校律",
    copy: "複製", share: "分享與匯出", print: "列印", advice: "這一格", close: "關閉", untitled: "無題",
    line: "第{n}句", lock: "鎖住第{n}句", place: "第{line}句第{at}字", foot: "韻腳", either: "平仄皆可",
    wants_level: "空，宜平", wants_oblique: "空，宜仄", wants_either: "空，平仄皆可",
    candidates: "合適的字", "more-candidates": "更多", words: "兩字詞", why: "為什麼沒有某個字", "why-label": "要問的字", ask: "問",
    loosened: "不限格律", allowed: "合格律的有 {count} 字，按上下文排列", rank: "「{character}」排第 {rank}。",
    "less-likely": "「{character}」合律，只是這裡不大可能用它。", "unknown-to-model": "模型不認識「{character}」。",
    references: "查考", "look-label": "字或詞", "look-character": "讀音", "look-rhyme": "同韻字", "look-find": "例句", "look-parallel": "對仗",
    "found-lines": "{poems} 首詩中有 {count} 句", "opposite-often": "詩人常用來對它的", "opposite-telling": "特別與它相對的", "opposite-model": "模型提出的",
    "this-line": "這一句", "line-others": "換個寫法", "line-next": "寫下一句", "lock-line": "鎖住",
    "choose-line": "選一句", "choose-poem": "選一首", "choose-rhyme": "換韻：選一首", "others-again": "再來幾個", "no-others": "沒有別的寫法",
    parallel: "對仗 {score}", "is-locked": "第{n}句已鎖住；先解開。",
    "faults-count": "有 {count} 處問題", "so-far": "至此合律", "open-places": "還空 {count} 字",
    writing: "正在寫……", written: "寫好 {count} 首", stopped: "已停止", copied: "已複製", "came-back": "這首詩來自連結",
    pasted: "已貼上整首詩；可以復原", "too-long": "有 {count} 個字放不下，沒有寫進來", "kept-on-shelf": "原稿放不進這個詩體，仍在詩稿裡",
    "not-kept": "瀏覽器不允許保存；離開前請匯出。", "kept-while-lost": "與伺服器失去聯絡；寫的字都保存在這個瀏覽器裡。",
    "link-broken": "連結已損壞，無法還原這首詩；請取得完整的連結。", "cannot-copy": "瀏覽器不允許複製；請自行選取。",
    "link-label": "連結本身包含整首詩，不會隨模型更新而改變", "copy-link": "複製連結", "save-as": "存成檔案",
    "link-local": "這個連結只能在這台電腦上打開；給別人，請存成檔案。",
    "card-label": "詩箋：{text}", regulated_yes: "合律", regulated_no: "不合律", "no-rhyme": "沒有共同的韻", "rhyme-of": "{rhyme}韻",
    lost: "與伺服器失去聯絡；請看 tangyin serve 是否還在執行。", overloaded: "伺服器太忙，無法回應；請稍後再試。",
    "check-label": "詩，有沒有標點都可以；幾首之間空一行", "check-hint": "白日依山盡，黃河入海流。……", "check-now": "檢查", example: "舉例",
    legend: "○ 平　● 仄　◎ ◉ 多音字取其一　連線表示對仗的字", faults: "問題", licences: "拗救", warnings: "注意", none: "沒有問題",
    fix: "找改法", fixes: "改法，點一下就採用", fixing: "正在想……", couplet: "第{a}、{b}句對仗 {score}", checked: "檢查了 {count} 首",
    type_a: "a：仄仄平平仄", type_A: "A：仄仄仄平平", type_b: "b：平平平仄仄", type_B: "B：平平仄仄平",
    "type_?": "不合四種句式", "type_-": "押仄韻，不論句式", level: "平", oblique: "仄", expected: "應當對仗", "take-poem": "到作詩頁",
    footer: "唐音用小型 LSTM 寫近體詩；一切都在這台電腦上完成，不連接別處。",
    "study-intro": "作詩時，網絡逐字讀入，用兩個向量記住前文：長期保存的 c（細胞狀態）和對外輸出的 h（隱狀態）。每讀一個字，三道門決定忘掉多少、記住多少、輸出多少。",
    "study-step": "一步的算式", "study-step-note": "σ(y) = 1/(1+e⁻ʸ)；⊙ 是逐位相乘；W 和 b 由訓練得到；z 由上一步的 h 和這個字的向量拼成。",
    "study-why": "為什麼記得住", "study-why-note": "沿 c 回傳的梯度，每步只乘以遺忘門 f；f 接近 1 時，首句的韻可以傳到末句，不會消失。",
    "study-live": "看它讀詩", "study-text": "讀這幾句", "study-read": "讀", model: "模型", quantity: "看什麼", layer: "層", sort: "變化大的在上面",
    q_i: "i 輸入門", q_f: "f 遺忘門", q_g: "g 候選", q_o: "o 輸出門", q_c: "c 細胞狀態", q_h: "h 隱狀態",
    "heat-label": "熱圖：{quantity}，{units} 個單元，{steps} 步；用方向鍵移動，數值在下方", "at-unit": "「{character}」單元 {unit}：{value}",
    mean: "平均", surprise: "意外程度（奈特）", begin: "開始", "study-figures": "各模型的困惑度", "figures-note": "困惑度越低，越能預測沒見過的詩；算法見 docs/protocol.md。",
    "study-report": "實驗報告", "report-open": "打開報告（新分頁）", "report-note": "逐項實驗這個網絡的優化器、初始化、大小、取樣和詩體，以不同的種子估計誤差。報告以英文寫成。",
    "col-model": "模型", "col-parameters": "參數", "col-forms": "體裁", "col-dev": "每字符（驗證）", "col-closed": "閉集",
    "heat-table": "每個字的平均值和意外程度",
    "rule_top-p": "top-p　在可能的字裡選", "rule_random-k": "random-k　前 k 個字裡任選", "rule_temperature": "temperature　按機率選",
    rule_argmax: "argmax　選最可能的", steady: "穩", bold: "奇",
    "units-shown": "第 {from} 到 {to} 列，共 {units} 個單元", "study-back": "一步的梯度",
    "study-back-note": "∇a 是損失對 a 的梯度，從末字逐步推回首字；u 是輸出層的值。權重 W 的梯度是各步之和。", tone_平: "", tone_上: "", tone_去: "",
    tone_入: "", pattern_平起首句不入韻: "平起首句不入韻", pattern_平起首句入韻: "平起首句入韻", pattern_仄起首句不入韻: "仄起首句不入韻",
    pattern_仄起首句入韻: "仄起首句入韻",
  },
  en: {
    skip: "Skip to the content", sections: "Sections", theme: "Light or dark", compose: "Compose", check: "Check", study: "Study",
    "title-hint": "題目", keeping: "Rules", form: "Form", title: "Title",
    regulated: "Regulated", free: "Free", inspiration: "Inspiration", amount: "Freedom", wishes: "Options (rhyme, pattern, acrostic …)",
    "acrostic-hint": "春夏秋冬", "include-hint": "明月 故人", "avoid-hint": "愁恨",
    "seed-hint": "random", write: "Write", stop: "Stop", any: "any",
    poem: "Poem; type in any place, arrow keys move", tools: "With this poem", undo: "Undo", redo: "Redo",
    complete: "Complete it", "rewrite-rest": "Rewrite the rest", "write-another": "Write another", several: "Three to choose from", working: "Writing",
    "new-draft": "New draft", shelf: "Drafts", search: "Search titles and lines", "no-drafts": "There is no such draft", "undo-delete": "Undo the deletion",
    rename: "Title of “{name}”", "delete-draft": "Delete “{name}”", delete: "Delete", "empty-draft": "(empty)",
    horizontal: "Horizontal", simplified: "Simplified", tones: "Tones", "to-check": "Check",
    copy: "Copy", share: "Share and export", print: "Print", advice: "This place", close: "Close", untitled: "無題",
    line: "Line {n}", lock: "Lock line {n}", place: "Line {line}, character {at}", foot: "rhyme foot", either: "either tone",
    wants_level: "open, level", wants_oblique: "open, oblique", wants_either: "open, either tone",
    candidates: "What fits here", "more-candidates": "More", words: "Words", why: "Why is a character missing?", "why-label": "Character", ask: "Ask",
    loosened: "Ignore the rules", allowed: "The rules allow {count}, ranked by all that is before and after", rank: "{character} is number {rank}.",
    "less-likely": "{character} keeps the rules, but is unlikely here.", "unknown-to-model": "The model does not know {character}.",
    references: "Look up", "look-label": "Character or word", "look-character": "Readings", "look-rhyme": "Rhymes", "look-find": "Lines", "look-parallel": "Opposites",
    "found-lines": "{count} lines in {poems} poems", "opposite-often": "What poets often set opposite", "opposite-telling": "Most telling opposites", "opposite-model": "The antithesis model",
    "this-line": "This line", "line-others": "Other versions", "line-next": "Next line", "lock-line": "Lock",
    "choose-line": "Choose a line", "choose-poem": "Choose a poem", "choose-rhyme": "Another rhyme: choose a poem", "others-again": "Others", "no-others": "No other version was found",
    parallel: "antithesis {score}", "is-locked": "Line {n} is locked; unlock it first.",
    "faults-count": "faults: {count}", "so-far": "regulated so far", "open-places": "{count} open",
    writing: "Writing …", written: "{count} written", stopped: "Stopped", copied: "Copied", "came-back": "This poem came with the link",
    pasted: "The poem was pasted; it can be undone", "too-long": "{count} characters had no room and were left out", "kept-on-shelf": "The draft does not fit this form; it is kept among the drafts",
    "not-kept": "The browser keeps nothing; export before you leave.", "kept-while-lost": "The server does not answer; what you write is kept in this browser.",
    "link-broken": "The link is damaged and the poem cannot be read; ask for the whole link.", "cannot-copy": "The browser does not allow copying; select the text yourself.",
    "link-label": "The link contains the whole poem, so it never changes", "copy-link": "Copy link", "save-as": "Save as a file",
    "link-local": "This link opens on this machine only; give others a file.",
    "card-label": "Card: {text}", regulated_yes: "合律 regulated", regulated_no: "不合律 not regulated", "no-rhyme": "no common rhyme", "rhyme-of": "rhyme {rhyme}",
    lost: "The server does not answer; check whether tangyin serve is still running.", overloaded: "The server is too busy to answer; try again later.",
    "check-label": "Poems, with or without marks; a blank line between two", "check-hint": "白日依山盡，黃河入海流。……", "check-now": "Check", example: "Example",
    legend: "○ level　● oblique　◎ ◉ one reading of two　lines join what is in antithesis", faults: "Faults", licences: "Licences", warnings: "Notes", none: "No fault",
    fix: "Fix", fixes: "Fixes; press one to use it", fixing: "Thinking …", couplet: "Antithesis of lines {a} and {b}: {score}", checked: "{count} checked",
    type_a: "a: Z Z P P Z", type_A: "A: Z Z Z P P", type_b: "b: P P P Z Z", type_B: "B: P P Z Z P",
    "type_?": "none of the four types", "type_-": "oblique rhyme", level: "level", oblique: "oblique", expected: "expected here", "take-poem": "To Compose",
    footer: "Tangyin writes regulated verse with small LSTMs. Everything runs on this machine; no other is contacted.",
    "study-intro": "While it writes, the network reads character by character and carries two vectors: the cell state c, its memory, and the hidden state h, its output. At each character three gates decide how much to forget, to store and to output.",
    "study-step": "One step", "study-step-note": "σ(y) = 1/(1+e⁻ʸ); ⊙ multiplies elementwise; W and b are learned; z is the last h and the vector of this character, concatenated.",
    "study-why": "Why it remembers", "study-why-note": "Along c the gradient is multiplied by the forget gate alone at each step: where f is near one, the rhyme of the first couplet still reaches the last.",
    "study-live": "Watch it read", "study-text": "Read these lines", "study-read": "Read", model: "Model", quantity: "Show", layer: "Layer", sort: "Most changing on top",
    q_i: "i input gate", q_f: "f forget gate", q_g: "g candidate", q_o: "o output gate", q_c: "c cell state", q_h: "h hidden state",
    "heat-label": "Heat map of {quantity}: {units} units, {steps} steps; arrow keys move, the value is shown below", "at-unit": "{character}, unit {unit}: {value}",
    mean: "Mean", surprise: "Surprise (nats)", begin: "start", "study-figures": "Perplexity of the models", "figures-note": "Lower is better on unseen poems; docs/protocol.md says how it is computed.",
    "study-report": "The report", "report-open": "Open the report (new tab)", "report-note": "Optimizers, initialization, size, sampling and forms of this network, studied one by one with several seeds and error bars.",
    "col-model": "Model", "col-parameters": "Parameters", "col-forms": "Forms", "col-dev": "Per token (dev)", "col-closed": "Closed",
    "heat-table": "Mean and surprise at each character",
    "rule_top-p": "top-p: among the likely", "rule_random-k": "random-k: one of the k likeliest", "rule_temperature": "temperature: by probability",
    rule_argmax: "argmax: the likeliest", steady: "steady", bold: "bold",
    "units-shown": "Rows {from} to {to} of {units} units", "study-back": "One step, backward",
    "study-back-note": "∇a is the gradient of the loss with respect to a, propagated from the last character to the first; u is the output of the last layer. Gradients of weights are sums over all steps.",
    tone_平: "level tone", tone_上: "rising tone", tone_去: "departing tone",
    tone_入: "entering tone", pattern_平起首句不入韻: "平起首句不入韻 level start, first line unrhymed",
    pattern_平起首句入韻: "平起首句入韻 level start, first line rhymed", pattern_仄起首句不入韻: "仄起首句不入韻 oblique start, first line unrhymed",
    pattern_仄起首句入韻: "仄起首句入韻 oblique start, first line rhymed",
  },
};

/** @type {"zh" | "en"} */
let current = "zh";

export const language = () => current;

/** @param {string} key */
export const has = (key) => key in WORDS.zh;

/**
 * The words for a key, with {names} replaced by values; "server" is a message of the server.
 * @param {string} key
 * @param {Values} values
 */
export function t(key, values = {}) {
  if (key === "server") return String(values.message);
  return WORDS[current][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * Put words into an element that follow the language from then on; none for the key "".
 * @param {HTMLElement} element
 * @param {string} key
 * @param {Values} values
 */
export function showWords(element, key, values = {}) {
  element.dataset.t = key;
  element.dataset.values = JSON.stringify(values);
  relabel(element);
}

/** @param {HTMLElement} element */
function relabel(element) {
  const { t: key, values = "{}" } = element.dataset;
  element.textContent = key ? t(key, JSON.parse(values)) : "";
}

/**
 * Give every labelled element its words in a language.
 * @param {string} name
 */
export function setLanguage(name) {
  current = name === "en" ? "en" : "zh";
  document.documentElement.lang = current === "zh" ? "zh-Hant" : "en";
  for (const element of document.querySelectorAll("[data-t], [data-t-label]")) {
    if (!(element instanceof HTMLElement)) continue;
    if (element.dataset.t !== undefined) relabel(element);
    if (element.dataset.tLabel) element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
  for (const area of document.querySelectorAll("textarea, input")) {
    if (!(area instanceof HTMLTextAreaElement || area instanceof HTMLInputElement)) continue;
    if (area.dataset.tPlaceholder) area.placeholder = t(area.dataset.tPlaceholder);
  }
  document.dispatchEvent(new CustomEvent("language"));
}

/** @param {number} share */
export const percent = (share) =>
  share >= 0.1 ? `${Math.round(share * 100)}%` : share >= 0.001 ? `${(share * 100).toFixed(1)}%` : "<0.1%";
