// Which chart an answer can be: from what its columns hold.

import type { Chart, Row } from "../figures.js";
import { type Answer, isDate, isNumber, type Term } from "./answers.js";
import { visible } from "./elements.js";

export type Kind = "date" | "iri" | "number" | "text";
export type Mark = "bar" | "dot" | "intervals" | "map" | "matrix";

/** The roles of each mark: those that a column must play, and those that one may. */
export const ROLES: Record<Mark, { needed: string[]; possible: string[] }> = {
    dot: { needed: ["x", "y"], possible: ["color", "symbol", "label"] },
    bar: { needed: ["x", "y"], possible: [] },
    intervals: { needed: ["from", "to", "label"], possible: ["color"] },
    map: { needed: ["country", "value"], possible: [] },
    matrix: { needed: ["label"], possible: [] },
};
const MOST_COLOURS = 8;
const MOST_STATES = 8;
const LOG_FROM = 100;
const PAIRS = [
    ["min", "max"],
    ["minimum", "maximum"],
    ["low", "high"],
    ["from", "to"],
    ["start", "end"],
    ["begin", "end"],
    ["notbefore", "notafter"],
];

/** What each column holds: what all of its values are, or texts. */
export function kinds({ columns, rows }: Answer): Record<string, Kind> {
    const kindOf = (terms: Term[]): Kind =>
        terms.length > 0 && terms.every(isNumber)
            ? "number"
            : terms.length > 0 && terms.every(isDate)
              ? "date"
              : terms.length > 0 && terms.every((term) => term.type === "uri")
                ? "iri"
                : "text";
    return Object.fromEntries(
        columns.map((column, place) => [
            column,
            kindOf(rows.flatMap((row) => (row[place] ? [row[place]] : []))),
        ]),
    );
}

/** The kinds of columns that can play a role; for the others any can. */
export function allowed(mark: Mark, role: string): Kind[] {
    if (role === "x") {
        return mark === "bar" ? ["number"] : ["date", "number"];
    }
    if (mark === "dot" && role === "y") {
        return ["number"];
    }
    if (role === "from" || role === "to") {
        return ["date", "number"];
    }
    return role === "value" ? ["number"] : ["iri", "text", "date", "number"];
}

/** The chart that suits an answer best, if one does: its mark, and columns for its roles. */
export function chartFor(answer: Answer): Chart | undefined {
    if (answer.kind !== "rows" || answer.rows.length < 2) {
        return undefined;
    }
    const all = kinds(answer);
    const of = (...wanted: Kind[]) =>
        answer.columns.filter((c) => wanted.includes(all[c] ?? "text"));
    const [numbers, dates, names] = [of("number"), of("date"), of("text", "iri")];
    const distinct = (column: string) => {
        const place = answer.columns.indexOf(column);
        return new Set(answer.rows.map((row) => row[place]?.value)).size;
    };
    const label = of("text").find((c) => distinct(c) > answer.rows.length / 2) ?? names[0];
    const pair = pairIn(numbers) ?? pairIn(dates);
    if (pair && label) {
        return scaled({ mark: "intervals", from: pair[0], to: pair[1], label }, pair, answer);
    }
    const y = numbers.find((number) => distinct(number) > 1) ?? numbers[0];
    const x = dates[0] ?? numbers.find((number) => number !== y);
    if (x && y) {
        const color = names.find(
            (name) => name !== label && distinct(name) > 1 && distinct(name) <= MOST_COLOURS,
        );
        const roles = { x, y, ...(color ? { color } : {}), ...(label ? { label } : {}) };
        return scaled({ mark: "dot", ...roles }, [y], answer);
    }
    if (y && label) {
        return scaled({ mark: "bar", x: y, y: label }, [], answer);
    }
    const states = names.filter((name) => name !== label);
    if (label && states.length > 2 && states.every((state) => distinct(state) <= MOST_STATES)) {
        return { mark: "matrix", label };
    }
    return undefined;
}

/** Two columns that are the ends of one interval, by their names. */
function pairIn(columns: string[]): [string, string] | undefined {
    for (const [low = "", high = ""] of PAIRS) {
        const one = columns.find((column) => column.toLowerCase().endsWith(low));
        const stem = one?.slice(0, -low.length).toLowerCase();
        const other = columns.find((column) => column.toLowerCase() === `${stem}${high}`);
        if (one && other) {
            return [one, other];
        }
    }
    return undefined;
}

/** A chart with a scale of powers where values differ by orders of magnitude. */
function scaled(chart: Chart, columns: string[], { columns: all, rows }: Answer): Chart {
    const values = columns
        .map((column) => all.indexOf(column))
        .flatMap((place) => rows.map((row) => row[place]))
        .filter((term) => isNumber(term))
        .map((term) => Number(term?.value));
    const isLog =
        values.length > 0 &&
        Math.min(...values) > 0 &&
        Math.max(...values) / Math.min(...values) >= LOG_FROM;
    return isLog ? { ...chart, scale: "log" } : chart;
}

const LONGEST = 60;

/** The beginning of a name that would not fit into a drawing. */
export function shortened(name: string): string {
    const shown = visible(name);
    return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

/** Rows as charts take them: texts by column, IRIs by what they are called. */
export function rowsFor({ columns, rows }: Answer, nameOf: (iri: string) => string): Row[] {
    return rows.map((row) =>
        Object.fromEntries(
            columns.map((column, place) => {
                const term = row[place];
                const text = term?.type === "uri" ? nameOf(term.value) : (term?.value ?? "");
                return [column, shortened(text)];
            }),
        ),
    );
}
