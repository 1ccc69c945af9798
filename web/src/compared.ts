// What an item of the audit compares: one interval under the other on a common axis, and what lies
// between the lowest and the highest. A row's name stands above its interval, so that it has the
// width of the drawing on a phone, too.

import * as Plot from "@observablehq/plot";
import { plot, powers, short, tick } from "./charts.js";
import type { Chart, Row } from "./figures.js";

const ROW = 50;
const BELOW = 44;
const NAME = 0.3;
const LINE = 0.68;
const COLOURS = { stated: "var(--c1)", reckoned: "var(--c2)" };

type Value = number | Date;
type Ends = [Value | undefined, Value | undefined];

interface Interval {
    place: number;
    name: string;
    printed: Ends;
    admitted: Ends;
    colour: string;
}

function read(text: string): Value | undefined {
    if (!text || text === "..") {
        return undefined;
    }
    return /^-?\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(text) : Number(text);
}

/** Both ends of an interval, of which one may be open. */
export function ends(text: string | undefined): Ends {
    const [first = "", last = ""] = (text ?? "").split("/");
    return [read(first), read(last)];
}

function known(values: (Value | undefined)[]): number[] {
    return values.filter((value) => value !== undefined).map(Number);
}

/** From where to where the axis goes: with some room beside, and from zero where it begins there. */
export function domain(
    intervals: { printed: Ends; admitted: Ends }[],
    scale: string,
): [number, number] {
    const values = known(intervals.flatMap(({ printed, admitted }) => [...printed, ...admitted]));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    if (scale === "log") {
        const room = (high / low) ** 0.06;
        return [low / room, high * room];
    }
    const room = (high - low || Math.abs(high) || 1) * 0.07;
    return scale === "zero" ? [Math.min(0, low), high + room] : [low - room, high + room];
}

function lines(
    intervals: Interval[],
    [from, to]: [number, number],
    isTime: boolean,
): Plot.Markish[] {
    const at = (value: Value | undefined, open: number) =>
        isTime ? new Date(Number(value ?? open)) : Number(value ?? open);
    const y = ({ place }: Interval) => place + LINE;
    const stroke = ({ colour }: Interval) => colour;
    return [
        Plot.ruleY(intervals, { y, stroke: "var(--line)" }),
        Plot.link(isTime ? [] : intervals, {
            x1: ({ admitted }: Interval) => at(admitted[0], from),
            x2: ({ admitted }: Interval) => at(admitted[1], to),
            y,
            stroke,
            strokeWidth: 13,
            strokeOpacity: 0.28,
            strokeLinecap: "butt",
        }),
        Plot.link(intervals, {
            x1: ({ printed }: Interval) => at(printed[0], from),
            x2: ({ printed }: Interval) => at(printed[1], to),
            y,
            stroke,
            strokeWidth: 4,
            strokeLinecap: "round",
        }),
        ...[0, 1].map((end) =>
            Plot.dot(
                intervals.filter(({ printed }) => printed[end] !== undefined),
                { x: ({ printed }: Interval) => printed[end], y, fill: stroke, r: 5 },
            ),
        ),
    ];
}

/** What lies between the lowest and the highest, with the words for it. */
function gap(
    intervals: Interval[],
    words: string,
    hasRoom: (x: number) => boolean,
): Plot.Markish[] {
    const [first, last] = [intervals[0], intervals.at(-1)];
    const from = first?.printed[1] ?? first?.printed[0];
    const to = last?.printed[0] ?? last?.printed[1];
    if (!first || !last || from === undefined || to === undefined || Number(to) <= Number(from)) {
        return [];
    }
    const y = first.place + LINE;
    const isBefore = hasRoom(Number(to));
    const corners = [
        { x: from, y },
        { x: to, y },
        { x: to, y: last.place + LINE },
    ];
    return [
        Plot.line(corners, {
            x: "x",
            y: "y",
            stroke: "var(--ink)",
            strokeWidth: 1.2,
            strokeDasharray: "3 3",
        }),
        Plot.text([words], {
            x: () => to,
            y: () => y,
            text: (text: string) => text,
            dx: isBefore ? -8 : 8,
            dy: 12,
            textAnchor: isBefore ? "end" : "start",
            fill: "var(--ink)",
            fontWeight: "bold",
            stroke: "var(--raised)",
            strokeWidth: 4,
        }),
    ];
}

export function drawCompared(chart: Chart, rows: Row[], into: HTMLElement): void {
    const { label = "", printed = "", admitted = printed, where = "", gap: words, axis } = chart;
    const scale = chart.scale ?? "linear";
    const isTime = scale === "time";
    const intervals = rows.map(
        (row, place): Interval => ({
            place,
            name: row[label] ?? "",
            printed: ends(row[printed]),
            admitted: ends(row[admitted]),
            colour: row[where] ? COLOURS.stated : COLOURS.reckoned,
        }),
    );
    const width = Math.max(260, into.clientWidth);
    const [from, to] = domain(intervals, scale);
    const along = (x: number) =>
        scale === "log" ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
    const hasRoom = (x: number) => along(x) * width > 110;
    const most = Math.max(3, Math.min(7, Math.floor(width / 90)));
    const drawn = plot({
        width,
        height: ROW * intervals.length + BELOW,
        marginTop: 0,
        marginBottom: BELOW,
        marginLeft: 8,
        marginRight: 14,
        x: {
            type: isTime ? "utc" : scale === "log" ? "log" : "linear",
            domain: isTime ? [new Date(from), new Date(to)] : [from, to],
            grid: true,
            label: axis || null,
            labelOffset: 40,
            ticks: scale === "log" ? powers([from, to], most) : most,
            tickFormat: isTime ? tick : short,
        },
        y: { domain: [intervals.length, 0], axis: null },
        marks: [
            ...lines(intervals, [from, to], isTime),
            ...(words ? gap(intervals, words, hasRoom) : []),
            Plot.text(intervals, {
                frameAnchor: "left",
                y: ({ place }: Interval) => place + NAME,
                text: "name",
                textAnchor: "start",
                lineWidth: width / 12 - 1,
                textOverflow: "ellipsis",
                fill: "var(--ink)",
                stroke: "var(--raised)",
                strokeWidth: 4,
            }),
        ],
    });
    into.replaceChildren(drawn);
}
