// The Chinese words of 學理, loaded with it; the English ones are in english.js.

import { addWords } from "./language.js";

addWords({
  "study-intro": "作詩時，網路逐字讀入，用兩個向量記住前文：長期保存的 c（細胞狀態）和對外輸出的 h（隱藏狀態）。每讀一個字，三道門決定忘掉多少、記住多少、輸出多少。", "study-step": "一步的算式",
  "study-step-note": "σ(y) = 1/(1+e⁻ʸ)；⊙ 是逐元素相乘；W 和 b 由訓練得到；z 由上一步的 h 和這個字的向量拼成。", "study-why": "為什麼記得住",
  "study-why-note": "沿 c 回傳的梯度，每步只乘以遺忘門 f；f 接近 1 時，首句的韻可以傳到末句，不會消失。", "study-live": "看它讀詩", "study-map": "所有單元", unit: "單元", units: "跟蹤某種性質的單元", step: "讀到哪裡",
  "step-back": "退一字", "step-on": "進一字", present: "講堂模式", "story-keys": "講堂模式只用鍵盤：→ ← 前進後退，↑ ↓ 換單元，Esc 離開。", "next-characters": "下一個字",
  "cell-drawing": "一個 LSTM 單元：遺忘門 f、輸入門 i、候選值 g、輸出門 o、細胞狀態 c、隱藏狀態 h", "story-said": "讀了「{character}」：f {f}，i {i}，o {o}；c {c}，h {h}。下一個最可能是「{next}」，{share}。",
  "token-end": "完", "token-other": "未知字", "unit_place": "句中第幾字", "unit_line": "第幾句", "unit_line_end": "一句已滿", "unit_rhyme": "下一字押韻", "unit_lower": "對句（下句）",
  "unit_level": "這個字是平聲", "unit-figures": "{quantity}，第 {layer} 層第 {unit} 單元：在另外 {poems} 首詩上的相關係數 {tested}", "units-note": "在一半開發集詩上找出，用另一半檢驗；相關不等於因果。",
  "study-text": "讀這幾句", "study-read": "讀", quantity: "看什麼", layer: "層", sort: "變化大的在上面", q_i: "i 輸入門", q_f: "f 遺忘門", q_g: "g 候選值", q_o: "o 輸出門", q_c: "c 細胞狀態",
  q_h: "h 隱藏狀態", "heat-label": "熱圖：{quantity}，{units} 個單元，{steps} 步；用方向鍵移動，數值在下方", "at-unit": "「{character}」單元 {unit}：{value}", mean: "平均", surprise: "意外程度（nat）",
  begin: "開始", "study-figures": "各模型的困惑度", "figures-note": "困惑度越低，對沒見過的詩預測得越準。", "study-report": "實驗報告", "report-open": "打開報告（新分頁）",
  "report-note": "逐項實驗這個網路的優化器、初始化、規模、採樣和體裁，用多個種子估計誤差。報告以英文寫成。", "col-model": "模型", "col-parameters": "參數", "col-forms": "體裁", "col-dev": "每詞元（開發集）", "col-closed": "封閉詞表",
  "heat-table": "每個字的平均值和意外程度", "units-shown": "第 {from} 到 {to} 列，共 {units} 個單元", "study-back": "一步的梯度",
  "study-back-note": "∇a 是損失對 a 的梯度，從末字逐步推回首字；u 是輸出層的值。權重 W 的梯度是各步之和。",
});
