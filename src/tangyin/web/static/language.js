// The words of the interface, in Chinese and English.

/** @type {Record<"zh" | "en", Record<string, string>>} */
const WORDS = {
  zh: {
    offline: "伺服器沒有回應：頁面可以看，寫詩和檢查要等 tangyin serve 重新執行。", api: "API 說明",
    skip: "跳到正文", sections: "頁面", theme: "明暗", compose: "作詩", check: "校律", study: "學理",
    "title-hint": "詩題", keeping: "格律", form: "體裁", "more-forms": "詞與其他", title: "詩題",
    regulated: "近體", free: "自由", inspiration: "怎樣選字", amount: "隨機程度", wishes: "要求（韻、平仄譜、藏頭……）",
    "acrostic-hint": "春夏秋冬", "include-hint": "明月 故人", "avoid-hint": "愁恨",
    "seed-hint": "隨機", write: "作詩", stop: "停止", any: "不限",
    poem: "詩稿；可在任何一格寫字，用方向鍵移動", tools: "對這首詩", undo: "復原", redo: "重做",
    complete: "補完全詩", "rewrite-rest": "重寫其餘各句", "write-another": "另寫一首", several: "寫三首來選", working: "正在寫",
    "new-draft": "新稿", shelf: "詩稿", search: "搜尋詩題和詩句", "no-drafts": "沒有這樣的詩稿", "undo-delete": "復原刪除",
    rename: "「{name}」的詩題", "delete-draft": "刪除「{name}」", delete: "刪除", versions: "舊版本（{count}）", restore: "還原", "restore-version": "還原 {when} 的版本", restored: "已還原舊版本；可以復原",
    export: "匯出", "export-draft": "匯出「{name}」", "export-all": "全部匯出", "export-text": "全部存成文字", import: "匯入", imported: "匯入 {added} 首，{known} 首原來就有，{lost} 段讀不了", "nothing-to-import": "這個檔案裡沒有詩稿",
    actions: "寫作", "more-help": "更多幫助", "empty-draft": "（空白）",
    horizontal: "橫排", simplified: "简体", tones: "平仄", "to-check": "校律",
    copy: "複製", share: "分享與匯出", print: "列印", advice: "這一格", close: "關閉", untitled: "無題",
    line: "第{n}句", lock: "鎖住第{n}句", place: "第{line}句第{at}字", foot: "韻腳", either: "平仄皆可",
    wants_level: "空，宜平", wants_oblique: "空，宜仄", wants_either: "空，平仄皆可",
    candidates: "合適的字", "more-candidates": "更多", words: "兩字詞", why: "為什麼沒有某個字", "why-label": "要問的字", ask: "問",
    loosened: "不限格律", allowed: "合格律的有 {count} 字，按上下文排列", rank: "「{character}」排第 {rank}。",
    "less-likely": "「{character}」合律，只是這裡不大可能用它。", "unknown-to-model": "模型不認識「{character}」。",
    references: "查閱", "look-label": "字或詞", "look-character": "讀音", "look-rhyme": "同韻字", "look-find": "例句", "look-parallel": "對仗",
    "found-lines": "{poems} 首詩中有 {count} 句", "opposite-often": "詩人常用來對它的", "opposite-telling": "最專用來對它的", "opposite-model": "對仗模型認為最工整的",
    "line-others": "重寫這句", "line-next": "寫下一句", "lock-line": "鎖住這句",
    "choose-line": "選一句", "choose-poem": "選一首", "choose-rhyme": "換韻：選一首", "others-again": "再來幾個", "no-others": "沒有別的寫法",
    parallel: "對仗 {score}", "is-locked": "第{n}句已鎖住；先解開。",
    "faults-count": "有 {count} 處毛病", "so-far": "至此合律", "begin-anywhere": "從哪一格寫起都可以", "open-places": "還空 {count} 字",
    writing: "正在寫……", written: "寫好 {count} 首", stopped: "已停止", copied: "已複製", "came-back": "這首詩來自連結",
    pasted: "已貼上整首詩；可以復原", "too-long": "有 {count} 個字放不下，沒有寫進來", "kept-on-shelf": "原稿放不進這種體裁，仍在詩稿裡",
    "not-kept": "瀏覽器不允許保存；離開前請匯出。", "kept-while-lost": "與伺服器失去聯絡；寫的字都保存在這個瀏覽器裡。",
    "link-broken": "連結已損壞，無法還原這首詩；請取得完整的連結。", "cannot-copy": "瀏覽器不允許複製；請自行選取。",
    "link-label": "連結本身包含整首詩，不會隨模型更新而改變", "copy-link": "複製連結", "save-as": "存成檔案",
    "link-local": "這個連結只能在這台電腦上打開；給別人，請存成檔案。",
    "card-label": "詩箋：{text}", regulated_yes: "合律", regulated_no: "不合律", "no-rhyme": "沒有共同的韻", "rhyme-of": "{rhyme}韻",
    lost: "與伺服器失去聯絡；請看 tangyin serve 是否還在執行。", overloaded: "伺服器太忙，無法回應；請稍後再試。",
    "check-label": "詩，有沒有標點都可以；幾首之間空一行", "check-hint": "白日依山盡，黃河入海流。……", "check-now": "檢查", example: "舉例",
    legend: "圖例", "legend-two": "平仄兩讀的字，取了其中一讀；點一下看所有讀音", "legend-foot": "韻腳", "legend-pair": "上下兩字對仗",
    faults: "毛病", licences: "拗救", warnings: "注意", none: "沒有毛病", culprit: "應改這一句",
    fix: "找改法", fixes: "改法，點一下就採用", fixing: "正在想……", checked: "檢查了 {count} 首，都合律", "checked-faulty": "檢查了 {count} 首，{faulty} 首有毛病",
    couplet: "第{a}、{b}句對仗 {score}（詩人平均 {poets}，任意兩句 {random}）", "line-said": "第{n}句", "poem-number": "第{number}首讀不了",
    "two-readings": "「{character}」有平仄兩讀，看讀音", "readings-of": "「{character}」：{all}。在這裡讀{tone}，{sure}。", "one-reading": "{tone} {rhyme}韻 {share}", comma: "，",
    "tone-name_平": "平聲", "tone-name_上": "上聲", "tone-name_去": "去聲", "tone-name_入": "入聲", "trace-poem": "看模型怎樣讀",
    book: "韻書", "book-usual": "依體裁", book_平水韻: "平水韻", book_詞林正韻: "詞林正韻", book_中華新韻: "中華新韻", book_中華通韻: "中華通韻",
    "holds-by": "合於{books}", "rhymes-by": "僅韻合於{books}",
    convention: "標準", convention_strict: "嚴格", convention_usual: "通行", convention_loose: "寬鬆",
    "convention-note": "嚴格：不許拗救；寬鬆：許鄰韻通押", "text-too-long": "這裡有 {count} 個字，一次最多檢查 {most} 個；請分幾次檢查。",
    type_a: "a：仄仄平平仄", type_A: "A：仄仄仄平平", type_b: "b：平平平仄仄", type_B: "B：平平仄仄平",
    "type_?": "不合四種句型", "type_-": "押仄韻，不論句型", level: "平", oblique: "仄", expected: "應當對仗", "take-poem": "到作詩頁",
    "loading-engine": "正在載入寫詩的程式和模型：{done}／{all} MB。可以先打字，載入後再作詩、校律。", "starting-engine": "下載完畢，正在啟動；可以先打字。",
    "old-browser": "這個瀏覽器太舊，不能在這裡作詩；請用 Chrome 97、Firefox 114、Safari 16.4 或更新的版本。寫的字都保存著。",
    "load-failed": "下載中斷了；寫的字都保存著。請接上網路再試。", "engine-failed": "寫詩的程式停了，也許是記憶體不夠；寫的字都保存著。請再試。", "try-again": "再試",
    "not-stored": "瀏覽器不允許保存這些檔案，下次打開要重新下載。", "new-version": "有新版本；寫的字都保存著。", "take-version": "換新版",
    "no-corpus": "查閱需要語料，這個網頁沒有帶；請安裝唐音，執行 tangyin serve。",
    footer: "唐音用小型 LSTM 寫近體詩；一切都在這台電腦上完成，不連接別處。",
    reading: "正在讀……", model: "模型",
    "rule_top-p": "top-p　在可能的字裡選", "rule_random-k": "random-k　前 k 個字裡任選", "rule_temperature": "temperature　按機率選",
    rule_argmax: "argmax　選最可能的", steady: "穩", bold: "奇",
    tone_平: "", tone_上: "", tone_去: "",
    tone_入: "", pattern_平起首句不入韻: "平起首句不入韻", pattern_平起首句入韻: "平起首句入韻", pattern_仄起首句不入韻: "仄起首句不入韻",
    pattern_仄起首句入韻: "仄起首句入韻",
  },
  en: {}, // english.js, once it is loaded
};

/** @type {"zh" | "en"} */
let current = "zh";
/** @type {Record<string, string> | null} simplified words and characters by traditional ones, where they are wanted */
let table = null;
let traditional = /(?:)/g;

export const language = () => current;

/**
 * Chinese words of the interface in the reader's script; what is quoted in 「」 stays as it is.
 * @param {string} words
 */
export const simplified = (words) => words.replace(/「[^」]*」|[^「]+/g, (part) =>
  (table && !part.startsWith("「") ? part.replace(traditional, (word) => table?.[word] ?? word) : part));

/** Add Chinese words of a module that is loaded later. @param {Record<string, string>} words */
export function addWords(words) { Object.assign(WORDS.zh, words); }

/** The words in the language of the interface. @param {Words} words */
export const inLanguage = (words) => (current === "en" ? words.en : simplified(words.zh));

/** @param {string} key */
export const has = (key) => key in WORDS.zh;

/**
 * The words for a key, with {names} replaced by values; "server" is a message of the server.
 * @param {string} key
 * @param {Values} values
 */
export function t(key, values = {}) {
  if (key === "server") return simplified(String(values.message));
  const words = current === "en" ? WORDS.en[key] : simplified(WORDS.zh[key]);
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
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
 * @param {string} tag zh-Hant, zh-Hans or en
 * @param {Record<string, string> | null} more simplified characters by traditional ones, or English words
 */
export function setLanguage(tag, more) {
  current = tag === "en" ? "en" : "zh";
  if (tag === "en") WORDS.en = more ?? {};
  table = tag === "zh-Hans" ? more : null;
  const longest = Object.keys(table ?? {}).sort((a, b) => b.length - a.length);
  traditional = new RegExp(longest.join("|"), "gu");
  document.documentElement.lang = tag;
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
