// Which chart an answer can be: from what its columns hold.

import type { Chart, Row } from "../figures.js";
import { visible } from "../visible.js";
import { type Answer, isDate, isNumber, type Term } from "./answers.js";

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
    const { numbers, dates, label, states } = columnsOf(answer);
    const isPaired = pairIn(numbers) ?? pairIn(dates);
    if (isPaired && label) {
        return suggested("intervals", answer);
    }
    if (numbers.length && (dates.length || numbers.length > 1)) {
        return suggested("dot", answer);
    }
    if (numbers.length && label) {
        return suggested("bar", answer);
    }
    return label && states ? suggested("matrix", answer) : undefined;
}

/** A chart of one mark, with the columns that suit its roles best; some may have none. */
export function suggested(mark: Mark, answer: Answer): Chart {
    const { numbers, dates, label, colour } = columnsOf(answer);
    const [value] = numbers;
    const named = label ? { label } : {};
    switch (mark) {
        case "bar":
            return { mark, ...(value ? { x: value } : {}), ...(label ? { y: label } : {}) };
        case "dot": {
            const x = dates[0] ?? numbers[1];
            return scaled(
                {
                    mark,
                    ...(x ? { x } : {}),
                    ...(value ? { y: value } : {}),
                    ...(colour ? { color: colour } : {}),
                    ...named,
                },
                value ? [value] : [],
                answer,
            );
        }
        case "intervals": {
            const both = numbers.length > 1 ? numbers : dates;
            const pair = pairIn(numbers) ?? pairIn(dates) ?? both.slice(0, 2);
            const [from, to] = pair;
            return scaled(
                { mark, ...(from ? { from } : {}), ...(to ? { to } : {}), ...named },
                pair,
                answer,
            );
        }
        case "map":
            return {
                mark,
                ...(label ? { country: label } : {}),
                ...(value ? { value } : {}),
            };
        case "matrix":
            return { mark, ...named };
    }
}

/** Which columns of an answer can play which part. */
function columnsOf(answer: Answer) {
    const all = kinds(answer);
    const of = (...wanted: Kind[]) =>
        answer.columns.filter((column) => wanted.includes(all[column] ?? "text"));
    const distinct = (column: string) => {
        const place = answer.columns.indexOf(column);
        return new Set(answer.rows.map((row) => row[place]?.value)).size;
    };
    const varied = (columns: string[]) => [
        ...columns.filter((column) => distinct(column) > 1),
        ...columns.filter((column) => distinct(column) <= 1),
    ];
    const names = of("text", "iri");
    const label = of("text").find((one) => distinct(one) > answer.rows.length / 2) ?? names[0];
    const others = names.filter((name) => name !== label);
    return {
        numbers: varied(of("number")),
        dates: of("date"),
        label,
        colour: others.find((name) => distinct(name) > 1 && distinct(name) <= MOST_COLOURS),
        states: others.length > 2 && others.every((name) => distinct(name) <= MOST_STATES),
    };
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
