// Answers as they come: rows in SPARQL's JSON (https://www.w3.org/TR/sparql11-results-json/), graphs
// in N-Triples (https://www.w3.org/TR/n-triples/). Of one that was cut what is whole is read.

export interface Term {
    type: "bnode" | "literal" | "other" | "uri";
    value: string;
    language?: string;
    datatype?: string;
}

/** What was found, as columns and rows; a variable without a value has none. */
export interface Answer {
    kind: "graph" | "rows" | "truth";
    columns: string[];
    rows: (Term | undefined)[][];
    /** Whether this is all that there is. */
    isComplete: boolean;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const XSD = "http://www.w3.org/2001/XMLSchema#";
const NUMBERS = new Set(
    "integer decimal double float int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger unsignedInt unsignedLong"
        .split(" ")
        .map((name) => XSD + name),
);

/** Read rows. Raises `SyntaxError` for what is no such JSON. */
export function readRows(text: string): Answer {
    let read = JSON.parse(text) as { [key: string]: Json };
    const isComplete = read["x-complete"] !== false;
    if (typeof read.boolean === "boolean") {
        const term: Term = {
            type: "literal",
            value: String(read.boolean),
            datatype: `${XSD}boolean`,
        };
        return { kind: "truth", columns: ["answer"], rows: [[term]], isComplete };
    }
    const head = read.head as { vars?: string[] } | undefined;
    const columns = head?.vars ?? [];
    read = read.results as { [key: string]: Json };
    const bindings = (read?.bindings ?? []) as { [column: string]: { [key: string]: Json } }[];
    const rows = bindings.map((row) =>
        columns.map((column) => (row[column] ? term(row[column]) : undefined)),
    );
    return { kind: "rows", columns, rows, isComplete };
}

function term(said: { [key: string]: Json }): Term {
    const value = typeof said.value === "string" ? said.value : spelled(said.value ?? null);
    const language = said["xml:lang"];
    const { type, datatype } = said;
    return {
        type: type === "uri" || type === "bnode" || type === "literal" ? type : "other",
        value: type === "bnode" ? `_:${value}` : value,
        ...(typeof language === "string" ? { language } : {}),
        ...(typeof datatype === "string" ? { datatype } : {}),
    };
}

/** A triple that is a term, as a text. */
function spelled(value: Json): string {
    const parts = value as { [part: string]: { [key: string]: Json } } | null;
    const said = ["subject", "predicate", "object"].map((part) => {
        const inside = parts?.[part];
        return inside ? term(inside).value : "";
    });
    return `<< ${said.join(" ")} >>`;
}

/** The rows of a text that broke off or was broken off, up to the last whole one. */
export function readFirstRows(text: string): Answer {
    const start = text.indexOf('"bindings":[');
    let end = -1;
    let depth = 0;
    let isInString = false;
    for (let place = start < 0 ? text.length : start + 12; place < text.length; place++) {
        const letter = text[place];
        if (isInString) {
            if (letter === "\\") {
                place++;
            } else if (letter === '"') {
                isInString = false;
            }
        } else if (letter === '"') {
            isInString = true;
        } else if (letter === "{") {
            depth++;
        } else if (letter === "}") {
            depth--;
            if (depth === 0) {
                end = place + 1;
            }
        }
    }
    if (start < 0) {
        return { kind: "rows", columns: [], rows: [], isComplete: false };
    }
    const whole = text.slice(0, Math.max(end, start + 12));
    return { ...readRows(`${whole}]}}`), isComplete: false };
}

const NODE = String.raw`<([^<>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^<>]*)>)?|(<<.*>>)`;
const TRIPLE = new RegExp(
    String.raw`^\s*(?:<([^<>]*)>|(_:\S+))\s*<([^<>]*)>\s*(?:${NODE})\s*\.\s*$`,
    "u",
);

/** Read triples; a last line that is not whole is left out. */
export function readTriples(text: string, isComplete = true): Answer {
    const rows = text.split("\n").flatMap((line) => {
        const found = TRIPLE.exec(line);
        if (!found) {
            return [];
        }
        const [, subject, blank, predicate = "", iri, node, literal, language, datatype, other] =
            found;
        const object: Term =
            iri !== undefined
                ? { type: "uri", value: unescaped(iri) }
                : node !== undefined
                  ? { type: "bnode", value: node }
                  : literal !== undefined
                    ? {
                          type: "literal",
                          value: unescaped(literal),
                          ...(language ? { language } : {}),
                          ...(datatype ? { datatype } : {}),
                      }
                    : { type: "other", value: other ?? "" };
        return [
            [
                subject === undefined
                    ? ({ type: "bnode", value: blank ?? "" } satisfies Term)
                    : ({ type: "uri", value: unescaped(subject) } satisfies Term),
                { type: "uri", value: unescaped(predicate) } satisfies Term,
                object,
            ],
        ];
    });
    return { kind: "graph", columns: ["subject", "predicate", "object"], rows, isComplete };
}

const ESCAPES: Record<string, string> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

function unescaped(text: string): string {
    return text.replace(
        /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g,
        (_, four?: string, eight?: string, letter = "") =>
            four || eight
                ? String.fromCodePoint(Number.parseInt(four ?? eight ?? "", 16))
                : (ESCAPES[letter] ?? letter),
    );
}

export const isNumber = (term: Term | undefined): boolean =>
    term?.type === "literal" && NUMBERS.has(term.datatype ?? "");

export const isDate = (term: Term | undefined): boolean =>
    term?.type === "literal" &&
    (term.datatype === `${XSD}date` || term.datatype === `${XSD}dateTime`) &&
    /^\d{4}-\d{2}-\d{2}/.test(term.value);

/** A value as a person reads it: numbers grouped, beyond 15 digits as a power of ten. */
export function spelt(term: Term): string {
    const { value } = term;
    if (!isNumber(term)) {
        return value;
    }
    if (/^\d{5,15}$/.test(value)) {
        return value.replace(/\B(?=(\d{3})+$)/g, ",");
    }
    if (/^\d{16,300}(\.\d+)?$/.test(value)) {
        return Number(value)
            .toExponential(3)
            .replace(/\.?0*e\+/, "E");
    }
    if (/^\d+\.\d{5,}$/.test(value)) {
        return String(Number(Number(value).toPrecision(4)));
    }
    return value;
}

/** How two values follow each other: numbers by size, all else as texts; none comes last. */
export function compare(one: Term | undefined, other: Term | undefined): number {
    if (!one || !other) {
        return Number(!one) - Number(!other);
    }
    if (isNumber(one) && isNumber(other)) {
        return Number(one.value) - Number(other.value);
    }
    return one.value.localeCompare(other.value, undefined, { numeric: true });
}
