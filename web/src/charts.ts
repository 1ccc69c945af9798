// Charts by Observable Plot, from the rows of a table.
//
// Plot puts a style element into each drawing, which the policy of the pages does not allow: it is
// taken out, and what it says is in the style sheet.

import * as Plot from "@observablehq/plot";
import type { Chart, Row } from "./figures.js";
import { extent, folded } from "./names.js";

const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `var(--c${number})`);
const SYMBOLS = ["circle", "square", "triangle", "diamond", "star"] as const;
const GLYPHS = ["●", "■", "▲", "◆", "★"];
const ROW = 26;
/** Pixels above a chart for the label of its axis, and the ticks beneath it. */
const ABOVE = 42;
/** Pixels below a chart for ticks of two lines, the months and the years. */
const BELOW = 46;
const NARROW = 640;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

type Headings = Record<string, string>;

/** A number in short: grouped, in words for millions and more, as a power of ten beyond 10¹⁵. */
export function short(value: number): string {
    if (Math.abs(value) < 1e15) {
        const notation = Math.abs(value) < 1e5 ? "standard" : "compact";
        return new Intl.NumberFormat(document.documentElement.lang, {
            notation,
            maximumSignificantDigits: 4,
        }).format(value);
    }
    const exponent = Math.floor(Math.log10(value) + 1e-9);
    const factor = Number((value / 10 ** exponent).toPrecision(3));
    const power = [...String(exponent)].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
    return factor === 1 ? `10${power}` : `${factor} × 10${power}`;
}

/** A tick of time in the language of the page: the year in January and, first of all, below. */
export function tick(date: Date, place: number): string {
    const { lang } = document.documentElement;
    const said = (options: Intl.DateTimeFormatOptions) =>
        new Intl.DateTimeFormat(lang, { ...options, timeZone: "UTC" }).format(date);
    const year = said({ year: "numeric" });
    if (date.getUTCDate() !== 1) {
        return said({ month: "short", day: "numeric" });
    }
    if (date.getUTCMonth() === 0) {
        return year;
    }
    const month = said({ month: "short" });
    return place === 0 ? `${month}\n${year}` : month;
}

function read(text: string | undefined): number | Date | undefined {
    if (!text) {
        return undefined;
    }
    if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
        return new Date(text.slice(0, 10));
    }
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
}

function shown(text: string | undefined): string {
    const value = read(text);
    return typeof value === "number" ? short(value) : (text ?? "");
}

/** A line of text about a row for each column that the chart names, its label first. */
function told(chart: Chart, headings: Headings): (row: Row) => string {
    const { label, ...roles } = chart;
    const columns = [...new Set(Object.values(roles))].filter((column) => column in headings);
    return (row) =>
        [
            label ? row[label] : "",
            ...columns
                .filter((column) => row[column] && column !== label)
                .map((column) => `${headings[column]}: ${shown(row[column])}`),
        ]
            .filter(Boolean)
            .join("\n");
}

function unique(rows: Row[], column: string | undefined): string[] {
    return column ? [...new Set(rows.map((row) => row[column] || "–"))].sort() : [];
}

function legend(names: string[], glyph: (place: number) => string, coloured: boolean): HTMLElement {
    const list = document.createElement("ul");
    list.className = "legend";
    list.append(
        ...names.map((name, place) => {
            const item = document.createElement("li");
            const sign = document.createElement("span");
            sign.ariaHidden = "true";
            sign.textContent = `${glyph(place)} `;
            sign.style.color = coloured ? (COLOURS[place % COLOURS.length] ?? "") : "inherit";
            item.append(sign, name);
            return item;
        }),
    );
    return list;
}

function isLog(chart: Chart): boolean {
    return chart.scale === "log";
}

function numeric(
    chart: Chart,
    title: string | null,
    values: number[],
    most = 8,
): Plot.ScaleOptions {
    const label = title || null; // of an empty one Plot would draw the arrow
    return isLog(chart)
        ? { type: "log", grid: true, label, tickFormat: short, ticks: powers(values, most) }
        : { type: "linear", grid: true, label, tickFormat: short, zero: true, nice: true };
}

/** The powers of ten among some values, at most so many, or some more if there are few. */
export function powers(values: number[], number: number): number[] {
    const least = Math.log10(Math.min(...values));
    const most = Math.log10(Math.max(...values));
    const step = Math.max(1, Math.ceil((most - least) / number));
    const factors = most - least < 2 ? [1, 2, 5] : [1];
    const found: number[] = [];
    for (let exponent = Math.floor(least); exponent <= Math.ceil(most); exponent += step) {
        found.push(...factors.map((factor) => factor * 10 ** exponent));
    }
    return found.filter((power) => power >= Math.min(...values) && power <= Math.max(...values));
}

function numbers(rows: Row[], ...columns: string[]): number[] {
    const read_ = rows.flatMap((row) => columns.map((column) => read(row[column])));
    return read_.filter((value): value is number => typeof value === "number" && value > 0);
}

function dots(
    chart: Chart,
    rows: Row[],
    headings: Headings,
    width: number,
    into: HTMLElement,
): HTMLElement[] {
    const { x = "", y = "", color, symbol, label } = chart;
    const known = rows.filter((row) => read(row[x]) !== undefined && read(row[y]) !== undefined);
    const colours = unique(known, color);
    const symbols = unique(known, symbol);
    const first = read(known[0]?.[x]);
    const marks: Plot.Markish[] = [
        Plot.dot(known, {
            x: (row: Row) => read(row[x]),
            y: (row: Row) => read(row[y]),
            stroke: color ? (row: Row) => row[color] || "–" : "var(--c1)",
            ...(symbol ? { symbol: (row: Row) => row[symbol] || "–" } : {}),
            r: 5,
            strokeWidth: 2.2,
            tip: true,
            title: told(chart, headings),
        }),
    ];
    if (label && width > NARROW && known.length <= 60) {
        marks.push(
            Plot.text(spaced(known, x, y, isLog(chart)), {
                x: (row: Row) => read(row[x]),
                y: (row: Row) => read(row[y]),
                text: label,
                dy: -12,
                fill: "var(--soft)",
                fontSize: 11,
            }),
        );
    }
    const legends = [
        ...(colours.length ? [legend(colours, () => "●", true)] : []),
        ...(symbols.length
            ? [legend(symbols, (place) => GLYPHS[place % GLYPHS.length] ?? "●", false)]
            : []),
    ];
    into.replaceChildren(...legends);
    const left = legends.reduce((sum, list) => sum - list.offsetHeight - 8, into.clientHeight);
    const drawing = plot({
        width,
        height: Math.max(280, left),
        marginLeft: 62,
        marginRight: 40,
        marginBottom: BELOW,
        x: {
            type: first instanceof Date ? "utc" : isLog(chart) ? "log" : "linear",
            label: first instanceof Date ? null : (headings[x] ?? x),
            ...(first instanceof Date ? { tickFormat: tick } : {}),
            grid: false,
            nice: true,
        },
        y: numeric(chart, chart.unit ?? headings[y] ?? y, numbers(known, y)),
        color: { domain: colours, range: COLOURS },
        ...(symbols.length ? { symbol: { domain: symbols, range: [...SYMBOLS] } } : {}),
        marks,
    });
    return [...legends, drawing];
}

/** The rows whose labels have room: of those near each other only the first. */
function spaced(rows: Row[], x: string, y: string, log: boolean): Row[] {
    const place = (row: Row, column: string, isLogged: boolean) => {
        const value = Number(read(row[column]));
        return isLogged ? Math.log10(value) : value;
    };
    const xs = rows.map((row) => place(row, x, false));
    const ys = rows.map((row) => place(row, y, log));
    const across = (Math.max(...xs) - Math.min(...xs) || 1) / 9;
    const up = (Math.max(...ys) - Math.min(...ys) || 1) / 17;
    const kept: number[] = [];
    rows.forEach((_, at) => {
        const isFree = kept.every(
            (other) =>
                Math.abs((xs[at] ?? 0) - (xs[other] ?? 0)) > across ||
                Math.abs((ys[at] ?? 0) - (ys[other] ?? 0)) > up,
        );
        if (isFree) {
            kept.push(at);
        }
    });
    return rows.filter((_, at) => kept.includes(at));
}

function bars(chart: Chart, rows: Row[], headings: Headings, width: number): HTMLElement[] {
    const { x = "", y = "" } = chart;
    const known = rows.filter((row) => read(row[x]) !== undefined);
    // a name that has several numbers has one bar, as long as the least and fainter to the most
    const ends = new Map<string, [number, number]>();
    for (const row of known) {
        const value = Number(read(row[x]));
        const [low, high] = ends.get(row[y] || "–") ?? [value, value];
        ends.set(row[y] || "–", [Math.min(low, value), Math.max(high, value)]);
    }
    const names = [...ends.keys()];
    const least = (name: string) => ends.get(name)?.[0] ?? 0;
    const most = (name: string) => ends.get(name)?.[1] ?? 0;
    const both = (name: string) => [...new Set([least(name), most(name)].map(short))].join(" – ");
    const left = margin(names, width);
    const ticks = Math.max(2, (width - left) / 90);
    const across = (label: string) => (width > NARROW ? label : null);
    return [
        plot({
            width,
            height: ABOVE + 20 + ROW * names.length,
            marginTop: ABOVE,
            marginLeft: left,
            marginRight: extent(names.map(both)),
            x: {
                ...numeric(chart, across(chart.unit ?? headings[x] ?? x), numbers(known, x), ticks),
                axis: "top",
            },
            y: { domain: names, label: null, tickSize: 0, tickFormat: folded(left) },
            marks: [
                Plot.barX(names, {
                    x1: least,
                    x2: most,
                    y: (name: string) => name,
                    fill: "var(--c2)",
                    fillOpacity: 0.35,
                    insetTop: 3,
                    insetBottom: 3,
                }),
                Plot.barX(names, {
                    x1: 0,
                    x2: least,
                    y: (name: string) => name,
                    fill: "var(--c2)",
                    insetTop: 3,
                    insetBottom: 3,
                }),
                Plot.text(names, {
                    x: most,
                    y: (name: string) => name,
                    text: both,
                    textAnchor: "start",
                    dx: 5,
                }),
            ],
        }),
    ];
}

function intervals(chart: Chart, rows: Row[], headings: Headings, width: number): HTMLElement[] {
    const { from = "", to = "", label = "", color } = chart;
    const known = rows.filter((row) => read(row[from] || row[to]) !== undefined);
    const low = (row: Row) => read(row[from] || row[to]);
    const high = (row: Row) => read(row[to] || row[from]);
    const name = (row: Row) => row[label] || "–";
    const names = [...new Set(known.map(name))];
    const colours = unique(known, color);
    const stroke = color ? (row: Row) => row[color] || "–" : "var(--c1)";
    const ends: Plot.DotOptions = { y: name, fill: stroke, r: 4.5 };
    const isTime = low(known[0] ?? {}) instanceof Date;
    const left = margin(names, width);
    const ticks = Math.max(2, (width - left) / 90);
    const across = (label: string) => (width > NARROW ? label : null);
    return [
        ...(colours.length > 1 ? [legend(colours, () => "●", true)] : []),
        plot({
            width,
            height: ABOVE + 26 + ROW * names.length,
            marginTop: ABOVE,
            marginLeft: left,
            marginRight: 30,
            x: isTime
                ? {
                      type: "utc",
                      grid: true,
                      axis: "top",
                      label: null,
                      nice: true,
                      tickFormat: tick,
                  }
                : {
                      ...numeric(
                          chart,
                          across(chart.unit ?? headings[to] ?? ""),
                          numbers(known, from, to),
                          ticks,
                      ),
                      zero: false,
                      axis: "top",
                  },
            y: { domain: names, label: null, tickSize: 0, tickFormat: folded(left) },
            color: { domain: colours, range: COLOURS },
            marks: [
                Plot.ruleY(known, { y: name, stroke: "var(--line)" }),
                Plot.link(known, {
                    x1: low,
                    x2: high,
                    y: name,
                    stroke,
                    strokeWidth: 5,
                    strokeOpacity: 0.45,
                    strokeLinecap: "round",
                }),
                Plot.dot(known, { ...ends, x: low }),
                Plot.dot(known, { ...ends, x: high }),
                Plot.tip(known, Plot.pointerY({ x: high, y: name, title: told(chart, headings) })),
            ],
        }),
    ];
}

/** A grid of names against the other columns, each cell coloured by its text. */
function matrix(chart: Chart, rows: Row[], headings: Headings, width: number): HTMLElement[] {
    const { label = "" } = chart;
    const columns = Object.keys(headings).filter((column) => column !== label);
    const cells = rows.flatMap((row) =>
        columns.map((column) => ({
            name: row[label] ?? "",
            column: headings[column] ?? column,
            state: row[column] || "–",
        })),
    );
    const states = [...new Set(cells.map((cell) => cell.state))].sort();
    const names = rows.map((row) => row[label] ?? "");
    const left = margin(names, width);
    const above = columns.map((column) => headings[column] ?? column);
    const isUpright = width < NARROW;
    const marginTop = isUpright ? extent(above) : 30;
    return [
        legend(states, () => "■", true),
        plot({
            width,
            height: marginTop + 30 + ROW * names.length,
            marginTop,
            marginLeft: left,
            x: {
                domain: above,
                label: null,
                axis: "top",
                tickSize: 0,
                ...(isUpright ? { tickRotate: -90 } : {}),
            },
            y: { domain: names, label: null, tickSize: 0, tickFormat: folded(left) },
            color: { domain: states, range: COLOURS },
            marks: [
                Plot.cell(cells, {
                    x: "column",
                    y: "name",
                    fill: "state",
                    fillOpacity: 0.8,
                    inset: 1.5,
                    rx: 3,
                    tip: true,
                    title: (cell: (typeof cells)[number]) =>
                        `${cell.name}\n${cell.column}: ${cell.state}`,
                }),
            ],
        }),
    ];
}

function margin(names: string[], width: number): number {
    return Math.min(extent(names), width * 0.42);
}

export function plot(options: Plot.PlotOptions): HTMLElement {
    const drawing = Plot.plot({
        ...options,
        figure: false,
        style: { background: "transparent", fontSize: "12px", overflow: "visible" },
    }) as HTMLElement;
    for (const style of drawing.querySelectorAll("style")) {
        style.remove();
    }
    drawing.ariaHidden = "true"; // the table beside it says the same
    return drawing;
}

export function drawChart(chart: Chart, rows: Row[], headings: Headings, into: HTMLElement): void {
    const width = Math.max(280, into.clientWidth);
    const drawn = { dot: dots, bar: bars, intervals, matrix }[
        chart.mark as "dot" | "bar" | "intervals" | "matrix"
    ](chart, rows, headings, width, into);
    into.replaceChildren(...drawn);
}
