// What the interface says, in Chinese and English.

import { inChinese } from "./sentences.js";

const WORDS = {
  zh: {
    skip: "跳至正文", sections: "篇目", theme: "明暗", compose: "作詩", check: "校律", study: "學理",
    start: "起首", "start-hint": "日、明月、□風……可空", title: "題目", "title-hint": "送友人、秋夜……可空", form: "體裁", count: "幾首", keeping: "格律",
    regulated: "近體", free: "自由", inspiration: "靈感", rule: "取字", amount: "放任", more: "韻、句式、藏頭",
    acrostic: "藏頭", "acrostic-hint": "春夏秋冬", rhyme: "押韻", pattern: "句式", include: "必有",
    "include-hint": "明月 故人", avoid: "不用", "avoid-hint": "愁恨", strict: "不拗", "allow-quotes": "可用古人成句",
    seed: "種子", "seed-hint": "隨意", model: "模型", write: "作詩", stop: "停", any: "不拘",
    poems: "諸首", poem: "詩，方向鍵移動，回車點字", tools: "於此詩", undo: "復舊", redo: "重作", "by-hand": "自書",
    "by-hand-label": "一行一句，未盡者由模型續之；□ 為空字", "go-on": "續寫", take: "定稿", drop: "罷",
    horizontal: "橫排", vertical: "直排", simplified: "简体", traditional: "繁體", tones: "平仄", "to-check": "校律",
    copy: "抄錄", share: "分享", print: "印", touch: "所點之字", close: "關", untitled: "無題",
    "empty-leaf": "以一字起，或不着一字", place: "第{line}句第{at}字", "no-readings": "字書未收",
    "of-places": "占其用例 {share}", thought: "模型以為", probability: "此處得此字之率 {share}，居第{rank}",
    "unknown-to-model": "模型不識此字", candidates: "模型所想，點之即換", rewrite: "改寫", "rewrite-character": "改此字",
    "rewrite-line": "改此句", "rewrite-after": "改其後", others: "擇其一", "no-others": "別無他法",
    writing: "正在寫……", written: "寫成 {count} 首", stopped: "已停", changed: "已改", copied: "已抄錄", "came-back": "此詩自鏈接還原",
    "link-broken": "鏈接已損，詩不可還原；請索完整之鏈接。", "cannot-copy": "瀏覽器不許抄錄；請自行選取。",
    "link-label": "此鏈接自帶全詩，不因模型更新而變", "copy-link": "抄錄鏈接", "save-png": "存 PNG", "save-svg": "存 SVG",
    "card-label": "詩箋：{text}", regulated_yes: "合律", regulated_no: "不合律", "no-rhyme": "無共韻", "rhyme-of": "{rhyme}韻",
    "ord": "其{n}", "lost": "與伺服器失聯；請看 tangyin serve 是否還在。", "overloaded": "伺服器不暇應答；請稍後再試。",
    "unfinished": "未完", "edited": "有改", "line-length": "第{n}句有 {count} 字，{form}每句 {width} 字；請增刪。",
    "too-many-lines": "共 {count} 句，{form}只 {lines} 句；請刪去所餘。", "nothing-written": "尚未寫一字；請先寫一句。",
    "check-label": "詩，有無標點皆可；數首則空一行", "check-hint": "白日依山盡，黃河入海流。……", "check-now": "校", example: "舉例",
    legend: "○ 平　● 仄　◎ ◉ 兩讀取其一　線連對仗之字", faults: "病", licences: "拗救", warnings: "注意", none: "無病",
    mend: "求改", mends: "改法，點之即用", "mending": "正在想……", couplet: "第{a}、{b}句對仗 {score}", checked: "校畢 {count} 首",
    type_a: "a：仄仄平平仄", type_A: "A：仄仄仄平平", type_b: "b：平平平仄仄", type_B: "B：平平仄仄平",
    "type_?": "不入四式", "type_-": "仄韻不論", level: "平", oblique: "仄", "expected": "宜對", "take-poem": "入作詩頁",
    footer: "唐音以小小的 LSTM 作近體詩；一切皆出此機，不訪他處。",
    "study-intro": "作詩之時，網絡逐字讀過，以兩個向量記住前文：長記之 c（細胞狀態）與外現之 h（隱狀態）。每讀一字，三道門決定忘多少、記多少、露多少。",
    "study-step": "一步之式", "study-step-note": "σ(y) = 1/(1+e⁻ʸ)；⊙ 為逐位相乘；W 與 b 由訓練得來，z 並列前一 h 與此字之向量。",
    "study-why": "何以記得住", "study-why-note": "沿 c 回傳之梯度，每步只乘以遺忘門 f；f 近於一，則首句之韻可傳至末句，不至消散。",
    "study-live": "看它讀詩", "study-text": "讀這幾句", "study-read": "讀", quantity: "看何物", layer: "層", "sort": "變化大者在上",
    "q_i": "i 輸入門", "q_f": "f 遺忘門", "q_g": "g 候選", "q_o": "o 輸出門", "q_c": "c 細胞狀態", "q_h": "h 隱狀態",
    "heat-label": "熱圖：{quantity}，{units} 個單元，{steps} 步；方向鍵移動，其值見下", "at-unit": "「{character}」單元 {unit}：{value}",
    "mean": "平均", "surprise": "意外（納特）", "begin": "始", "study-figures": "諸模型之惑度", "figures-note": "惑度愈低，愈善預測未見之詩；算法見 docs/protocol.md。",
    "study-report": "實驗報告", "report-open": "開啟報告（新分頁）", "report-note": "此網絡之優化器、初始化、大小、取樣與詩體，逐項實驗，以不同種子估其誤差。報告以英文寫成。",
    "col-model": "模型", "col-parameters": "參數", "col-forms": "體裁", "col-dev": "每字符（驗證）", "col-closed": "閉集",
    "heat-table": "每字之均值與意外",
    "rule_top-p": "top-p　擇其可能者", "rule_random-k": "random-k　前 k 字取一", "rule_temperature": "temperature　依其可能",
    "rule_argmax": "argmax　最可能者", "steady": "穩", "bold": "奇", "no-hanzi": "「{character}」不是漢字；請刪去。",
    "units-shown": "第 {from} 至 {to} 列，共 {units} 個單元", "study-back": "一步之梯度",
    "study-back-note": "∇a 為損失對 a 之梯度，自末字逐步推回首字；u 為輸出層之值。四門之前值 y 得之於右，權重 W 取諸步之和。", "tone_平": "", "tone_上": "", "tone_去": "",
    "tone_入": "", "pattern_平起首句不入韻": "平起首句不入韻", "pattern_平起首句入韻": "平起首句入韻", "pattern_仄起首句不入韻": "仄起首句不入韻",
    "pattern_仄起首句入韻": "仄起首句入韻", "form_五律": "五律", "form_七律": "七律", "form_五絕": "五絕", "form_七絕": "七絕",
  },
  en: {
    skip: "Skip to the text", sections: "Sections", theme: "Light or dark", compose: "Compose", check: "Check", study: "Study",
    start: "Begin with", "start-hint": "日, 明月, □風 … or nothing", title: "Title", "title-hint": "送友人, 秋夜 … or none", form: "Form", count: "Poems", keeping: "Rules",
    regulated: "Regulated", free: "Free", inspiration: "Inspiration", rule: "Choose by", amount: "Freedom", more: "Rhyme, pattern, acrostic",
    acrostic: "Acrostic", "acrostic-hint": "春夏秋冬", rhyme: "Rhyme", pattern: "Pattern", include: "Must hold",
    "include-hint": "明月 故人", avoid: "Must not hold", "avoid-hint": "愁恨", strict: "No licence", "allow-quotes": "Allow old lines",
    seed: "Seed", "seed-hint": "a new one", model: "Model", write: "Write", stop: "Stop", any: "any",
    poems: "Poems", poem: "Poem; arrow keys move, Enter touches a character", tools: "With this poem", undo: "Undo", redo: "Redo", "by-hand": "By hand",
    "by-hand-label": "One line a row; the model goes on where you stop; □ leaves a place open", "go-on": "Go on from it", take: "Take it", drop: "Leave it",
    horizontal: "Horizontal", vertical: "In columns", simplified: "Simplified", traditional: "Traditional", tones: "Tones", "to-check": "Check",
    copy: "Copy", share: "Share", print: "Print", touch: "The character you touched", close: "Close", untitled: "無題",
    "empty-leaf": "以一字起，或不着一字", place: "line {line}, character {at}", "no-readings": "not in the lexicon",
    "of-places": "{share} of its places", thought: "The model", probability: "{share} likely here, rank {rank}",
    "unknown-to-model": "the model does not know it", candidates: "What it thought of; press to put in", rewrite: "Write anew", "rewrite-character": "This character",
    "rewrite-line": "This line", "rewrite-after": "All after it", others: "Choose one", "no-others": "There is no other way",
    writing: "Writing …", written: "{count} written", stopped: "Stopped", changed: "Changed", copied: "Copied", "came-back": "This poem came with the link",
    "link-broken": "The link is damaged and the poem cannot be read; ask for the whole link.", "cannot-copy": "The browser does not let us copy; select the text yourself.",
    "link-label": "The link holds the whole poem, so that it never changes", "copy-link": "Copy link", "save-png": "Save PNG", "save-svg": "Save SVG",
    "card-label": "Card: {text}", regulated_yes: "合律 regulated", regulated_no: "不合律 not regulated", "no-rhyme": "no rhyme in common", "rhyme-of": "rhyme {rhyme}",
    "ord": "No. {n}", "lost": "The server does not answer; see whether tangyin serve is still running.", "overloaded": "The server has too much to do to answer; try again a little later.",
    "unfinished": "unfinished", "edited": "edited", "line-length": "Line {n} has {count} characters, and lines of a {form} have {width}; add or take away some.",
    "too-many-lines": "There are {count} lines, and a {form} has {lines}; take the rest away.", "nothing-written": "Nothing is written yet; write a line first.",
    "check-label": "Poems, with or without marks; a blank line between two", "check-hint": "白日依山盡，黃河入海流。……", "check-now": "Check", example: "Example",
    legend: "○ level　● oblique　◎ ◉ one reading of two　lines join what stands in antithesis", faults: "Faults", licences: "Licences", warnings: "Notes", none: "No fault",
    mend: "Mend", mends: "Ways to mend it; press one to take it", "mending": "Thinking …", couplet: "Antithesis of lines {a} and {b}: {score}", checked: "{count} checked",
    type_a: "a: Z Z P P Z", type_A: "A: Z Z Z P P", type_b: "b: P P P Z Z", type_B: "B: P P Z Z P",
    "type_?": "none of the four types", "type_-": "oblique rhyme", level: "level", oblique: "oblique", "expected": "wanted here", "take-poem": "To Compose",
    footer: "Tangyin writes regulated verse with small LSTMs. Everything comes from this machine; no other is asked.",
    "study-intro": "While it writes, the network reads character by character and carries two vectors: the cell state c, which keeps, and the hidden state h, which shows. At each character three gates decide how much to forget, to take in and to show.",
    "study-step": "One step", "study-step-note": "σ(y) = 1/(1+e⁻ʸ); ⊙ multiplies place by place; W and b are learned; z is the last h and the vector of this character, joined.",
    "study-why": "Why it remembers", "study-why-note": "Along c the gradient is multiplied by the forget gate alone at each step: where f is near one, the rhyme of the first couplet still reaches the last.",
    "study-live": "Watch it read", "study-text": "Read these lines", "study-read": "Read", quantity: "Show", layer: "Layer", "sort": "Most changing on top",
    "q_i": "i input gate", "q_f": "f forget gate", "q_g": "g candidate", "q_o": "o output gate", "q_c": "c cell state", "q_h": "h hidden state",
    "heat-label": "Heat map of {quantity}: {units} units, {steps} steps; arrow keys move, the value is told below", "at-unit": "{character}, unit {unit}: {value}",
    "mean": "Mean", "surprise": "Surprise (nats)", "begin": "start", "study-figures": "Perplexity of the models", "figures-note": "Lower is better on poems it has not seen; docs/protocol.md says how it is counted.",
    "study-report": "The report", "report-open": "Open the report (new tab)", "report-note": "Optimizers, initialization, size, sampling and forms of this network, studied one by one with seeds and error bars.",
    "col-model": "Model", "col-parameters": "Parameters", "col-forms": "Forms", "col-dev": "Per token (dev)", "col-closed": "Closed",
    "heat-table": "Mean and surprise at each character",
    "rule_top-p": "top-p: among the likely", "rule_random-k": "random-k: one of the k likeliest",
    "rule_temperature": "temperature: by likelihood", "rule_argmax": "argmax: the likeliest", "steady": "steady",
    "bold": "bold", "no-hanzi": "“{character}” is no Chinese character; take it out.",
    "units-shown": "Rows {from} to {to} of {units} units", "study-back": "One step, backward",
    "study-back-note": "∇a is the gradient of the loss by a, handed back from the last character to the first; u is what the output layer gives. Each weight sums over all steps.",
    "tone_平": "level tone", "tone_上": "rising tone", "tone_去": "departing tone", "tone_入": "entering tone",
    "pattern_平起首句不入韻": "平起首句不入韻 level start, first line unrhymed", "pattern_平起首句入韻": "平起首句入韻 level start, first line rhymed",
    "pattern_仄起首句不入韻": "仄起首句不入韻 oblique start, first line unrhymed",
    "pattern_仄起首句入韻": "仄起首句入韻 oblique start, first line rhymed", "form_五律": "五律 8 × 5", "form_七律": "七律 8 × 7",
    "form_五絕": "五絕 4 × 5", "form_七絕": "七絕 4 × 7",
  },
};

let current = "zh";

export const language = () => current;

/** The words for a key, with {names} replaced by values; "server" is a sentence of the server's. */
export function t(key, values = {}) {
  if (key === "server") return current === "zh" ? inChinese(values.sentence) : values.sentence;
  const words = WORDS[current][key] ?? WORDS.zh[key];
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Put words into an element that follow the language from then on; none for the key "". */
export function tell(element, key, values = {}) {
  element.dataset.t = key;
  element.dataset.values = JSON.stringify(values);
  relabel(element);
}

function relabel(element) {
  const { t: key, values = "{}" } = element.dataset;
  element.textContent = key && t(key, JSON.parse(values));
}

/** Every element that is to be labelled gets its words in the language. */
export function setLanguage(name) {
  current = Object.hasOwn(WORDS, name) ? name : "zh";
  document.documentElement.lang = current === "zh" ? "zh-Hant" : "en";
  document.querySelectorAll("[data-t]").forEach(relabel);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
  document.dispatchEvent(new CustomEvent("language"));
}

export const percent = (share) =>
  share >= 0.1 ? `${Math.round(share * 100)}%` : share >= 0.001 ? `${(share * 100).toFixed(1)}%` : "<0.1%";
