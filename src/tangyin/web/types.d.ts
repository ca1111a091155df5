// The values that the page exchanges with the API, and the poem as the page keeps it.

type Words = { zh: string; en: string };
/** A form as /api/forms describes it; it has any number of lines where `most_lines` is not 0. */
type Shape = { name: string; lines: number; characters: number; fewest_lines: number; most_lines: number; kind: string; regulated: boolean };
/** The lines of a sheet whose form does not say them; `breaks` are the lines that begin a stanza. */
interface FormShape { kind: string; regulated: boolean; widths: number[]; marks: string[]; breaks: number[] }
/** A tune as tunes.json describes it; a variant is its number and its lines, such as 7。7。7。/7，7。7。 */
interface Tune { names: string[]; songs: number; usual: number; variants: [number, string][] }
interface Answer { text: string; lower: string; parallel: number }

/** An option of a request, as /api/options describes it. */
interface Described {
  name: string;
  kind: "str" | "int" | "float" | "bool";
  default: unknown;
  choices: string[];
  offered: string[];
  minimum: number | null;
  maximum: number | null;
  longest: number | null;
  many: boolean;
  regulated: boolean;
  patterned: boolean;
  label: Words;
  help: Words;
}

interface Model {
  name: string;
  forms: string[];
  kinds: string[];
  parameters: number;
  architecture: { layers: number; hidden_size: number };
  figures: { dev?: { all?: Record<string, unknown> } };
  takes_title: boolean;
  default: boolean;
}

interface Finding { line: number; kind: string; places: number[]; zh: string; en: string; culprit: number }
interface CoupletPair { place: number; upper: string; lower: string; score: number | null; reason: string; kind: string; count: number; zh: string; en: string }
interface Couplet { lines: [number, number]; expected: boolean; score: number | null; pairs: CoupletPair[] }

/** Whether a poem holds by a rhyme book. */
interface ByBook { book: string; rhyme: boolean; tones: boolean }
interface Prosody {
  book: string;
  books: ByBook[];
  form: string;
  regulated: boolean;
  pattern: string;
  line_types: string;
  nearest: string;
  tones: string[];
  rhyme: string;
  first_line: string;
  licences: Finding[];
  faults: Finding[];
  warnings: Finding[];
  couplets: Couplet[];
  readings: { line: number; place: number; character: string; tone: string; share: number }[];
  lines: string[];
  read_as: string[];
}
type Tone = "平" | "上" | "去" | "入";
interface Reading { tone: Tone; rhyme: string; share: number }
interface PoemReport extends Prosody { number: number; line: number; title: string; author: string; ways: Record<string, Reading[]>; error?: undefined }
/** What is in the place of a poem that cannot be read. */
interface RefusedPoem { number: number; line: number; text: string; error: { code: string; message: string } }
/** A 詞 beside the variant of a tune that it comes nearest to. */
interface CiReport {
  number: number; line: number; title: string; author: string; error?: undefined;
  form: string; regulated: boolean; tune: string; variant: number; variants: number; rhyme: string[]; book: string; books: ByBook[];
  lines: string[]; read_as: string[]; tones: string[]; patterns: string[]; ends: string[]; faults: Finding[]; warnings: Finding[];
}
type Checked = PoemReport | CiReport | RefusedPoem;

interface Verse { text: string; form: string; title: string; title_drawn: boolean; model: string; rule: string; seed: number; number: number; prosody: Prosody }
interface Fix { text: string; lines: string[]; changed: [number, number][] }
type Given = Record<string, any>;
type Values = Record<string, string | number>;

/** A text cut into lines; "" for a mark that is missing. */
interface Lines { lines: string[]; marks: string[] }

/** A poem on the page, finished or not. */
interface Poem extends Lines {
  form: string;
  title: string;
  title_drawn?: boolean;
  author?: string;
  model: string;
  rule?: string;
  seed: number | null;
  number?: number;
  shape?: FormShape;
  options?: Given;
  changed?: boolean;
}

/** How a poem was made; `changed` when a person went on with it, `drawn` the title if it was drawn. */
interface Made { model: string; rule?: string; seed: number | null; number?: number; options?: Given; changed?: boolean; drawn?: string }

/** A poem of a pasted text, as /api/paste gives it. */
interface PastedPoem extends Lines { form: string; title: string; author: string; script: string; open: number; shape: FormShape | null }

/** A sheet: "" for an open place. */
interface SheetState { form: string; title: string; author?: string; rows: string[][]; marks: string[]; locked: boolean[]; made: Made | null; shape?: FormShape }

/** A draft: its history, of which `at` is the state shown. */
interface Draft { id: string; changed: number; states: SheetState[]; at: number; link?: string }
interface Version { when: number; state: SheetState }

/** The beginning of a poem that is being written; characters after the first `settled` may change. */
interface Coming { lines: string[]; settled: number; over: number[] }

/** What the checker says of a sheet (/api/sheet). */
interface Judged { report: Prosody | CiReport | null; pattern: string; signs: string[]; rhyming: number[]; open: number }

interface CandidateText { text: string; probability: number; log_likelihood: number; tone: string; rhyme: string }
interface AskedAbout { character: string; known: boolean; rank: number; reasons: Finding[] }

/** What `tangyin site` says of itself before `browser/service.js`. */
declare const SITE: { version: string; shell: string[]; parts: { url: string; integrity: string }[]; policy: string };
