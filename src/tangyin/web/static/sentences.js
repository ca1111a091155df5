// The server's sentences in Chinese: those that the page can bring about.

const SENTENCES = [
  [/^poem (\d+): (.*)$/s, (n, rest) => `第${n}首：${inChinese(rest)}`],
  [/^['"](.+)['"] \((U\+\w+)\) is no Chinese character; /s, (c, code) => `「${c}」（${code}）不是漢字；請去之，代以漢字。`],
  [/^['"](.+)['"] \((U\+\w+)\) is neither a Chinese character nor one of the marks (\S+); /s, (c, code, marks) => `「${c}」（${code}）既非漢字，又非${marks}之一；請去之。`],
  [/^the model does not know (?:the character )?(.+?); /, (c) => `模型不識「${c}」；請換一字。`],
  [/^the start has (\d+) characters, and a (\S+) has room for (\d+); /, (n, form, room) => `起首有 ${n} 字，${form}只容 ${room} 字；請刪減。`],
  [/^the mark (.) stands after (\d+) characters?, and lines of a (\S+) have (\d+); /, (mark, n, form, width) => `「${mark}」在第 ${n} 字後，${form}每句 ${width} 字；請去之，或補足一句。`],
  [/^the title ['"](.*)['"] has no Chinese character; /s, (title) => `題目「${title}」沒有漢字；請另擬，如「送友人」。`],
  [/^the title has (\d+) Chinese characters; give at most (\d+)$/, (n, most) => `題目有 ${n} 字；至多 ${most} 字。`],
  [/^the acrostic has (\d+) characters?, and a (\S+) has (\d+) lines; give \d+ of them, or (\d+) /, (n, form, lines, couplets) => `藏頭有 ${n} 字；${form}須 ${lines} 字（每句一字）或 ${couplets} 字（每聯一字）。`],
  [/^the acrostic wants (.) at the head of line (\d+), and the start has (.) there; /, (head, line, there) => `藏頭要第${line}句以「${head}」起，起首卻作「${there}」；請改其一。`],
  [/^(\S+) is longer than a line of a (\S+); include at most (\d+) /, (word, form, width) => `「${word}」長於${form}一句；至多 ${width} 字。`],
  [/^(.) is to be avoided and is given as well; /, (c) => `「${c}」既要不用，又已給定；請去其一。`],
  [/^line (\d+), (\S+), cannot stand in (\S+), which wants (\S+) there(.*); change /, (n, line, pattern, wanted, rest) => `第${n}句「${line}」不合${pattern}，彼處當作${wanted}${rest.includes("without licences") ? "，且不許拗" : ""}${rest.includes("no better") ? "；其他句式亦不合" : ""}；請改其字或改句式。`],
  [/^line (\d+) ends on (.), which does not rhyme (?:in (.)|with the others given); /, (n, c, rhyme) => `第${n}句韻腳「${c}」${rhyme ? `不屬${rhyme}韻` : "與他句不押"}；請改此字或改韻。`],
  [/^of the characters that the model may write only (\d+) rhyme (?:in (.)|with each other), and there are (\d+) lines to rhyme; /, (n, rhyme, places) => `可用之字，${rhyme ? `屬${rhyme}韻` : "互相押韻"}者只有 ${n} 個，而須押 ${places} 句；請改韻，或少禁幾字。`],
  [/^there is no room for (.+) in (\S+), with its /, (words, pattern) => `依${pattern}之平仄與韻，容不下「${words}」；請減其字或改句式。`],
  [/^no poem that keeps the rules came about in (\d+) tries; /, (n) => `試了 ${n} 次，未得合律之詩；請少限幾字，或改韻、改句式，或許用拗救。`],
  [/^this model was not trained on titles; /, () => "此模型不解題目；請空之。"],
  [/^the model (\S+) knows (.+) only, and not (\S+)$/, (model, forms, form) => `模型 ${model} 只作${forms.replaceAll(", ", "、")}，不作${form}。`],
  [/^there is no model called (.+); there are (.+)$/s, (name, known) => `沒有名為 ${name} 的模型；有 ${known}。`],
  [/^under argmax poems differ by their first free character, and the model knows (\d+) /, (n) => `argmax 之下，諸詩以首字相別，而模型只識 ${n} 字；請少要幾首，或換取字之法。`],
  [/^there is no poem (?:to check|to score|in an empty text); /, () => "尚無詩；請至少寫一首。"],
  [/^these are (\d+) poems; give at most (\d+) /, (n, most) => `共 ${n} 首；一次至多 ${most} 首。`],
  [/^there is nothing but marks; /, () => "只有標點；請寫五字或七字之句。"],
  [/^a mark stands without a line before it; /, () => "標點之前沒有句子；請於每句後用一個標點。"],
  [/^the lines have (.+) characters; /, (lengths) => `各句字數不一（${lengths.replace(" and ", "、").replaceAll(", ", "、")}）；請皆作五字或皆作七字。`],
  [/^a line has (\d+) characters?; /, (n) => `一句有 ${n} 字；請作五字或七字之句。`],
  [/^one line is no poem yet; /, () => "一句不成詩；請至少寫一聯。"],
  [/^where the lines of 5 or 7 end is not to be seen from (\d+) characters? without marks; /, (n) => `${n} 字而無標點，看不出五言或七言之句止於何處；請於句末加標點。`],
  [/^(.+) make no form we know: /, () => "不成五絕、七絕、五律或七律；請看句數與字數。"],
  [/^there is no fault (\S+) in line (\d+); /, (kind, line) => `第${line}句無${kind}之病；請再校一次。`],
  [/^no way to mend this was found /, () => "不動他句，未得改法；請另寫有病之句。"],
  [/^there is nothing to read; /, () => "無字可讀；請寫一句。"],
  [/^a (\S+) has (\d+) lines of (\d+) characters, and this is more; /, (form, lines, width) => `${form}只有 ${lines} 句，每句 ${width} 字，此則過之；請刪減。`],
  [/^the server is busy; ask again in (\d+) s$/, (seconds) => `伺服器正忙；請 ${seconds} 秒後再試。`],
  [/^this took longer than (\d+) s; /, (seconds) => `已逾 ${seconds} 秒；請一次少要一些。`],
  [/^the body is larger than /, () => "文字太長；請一次少送一些。"],
  [/^(\w+): .*; \/openapi\.json /s, (name) => `「${name}」一項不合所限；請改之。`],
];

/** A sentence of the server's in Chinese, or as it came where nobody has translated it. */
export function inChinese(sentence) {
  for (const [pattern, words] of SENTENCES) {
    const found = pattern.exec(sentence);
    if (found) return words(...found.slice(1));
  }
  return sentence;
}
