// Figures: each draws the table that stands beside it, when it comes into view.

import { THEME_CHANGED } from "./theme.js";
import { visible } from "./visible.js";

/** What a figure shows, as the header of a question or a template says; values are columns. */
export interface Chart {
    mark: "dot" | "bar" | "intervals" | "matrix" | "network" | "map" | "compared";
    [role: string]: string;
}

/** A row of a table by its columns: each cell's value, which a number may be spelt for people. */
export type Row = Record<string, string>;

export function readTable(id: string): Row[] {
    const table = document.getElementById(id);
    const columns = [...(table?.querySelectorAll<HTMLElement>("thead [data-column]") ?? [])].map(
        (cell) => cell.dataset.column ?? "",
    );
    return [...(table?.querySelectorAll("tbody tr") ?? [])].map((row) =>
        Object.fromEntries(
            [...row.querySelectorAll<HTMLElement>("td, th")].map((cell, place) => [
                columns[place] ?? "",
                cell.dataset.value ?? cell.textContent.trim(),
            ]),
        ),
    );
}

/** The headings of a table by column, as its page writes them. */
export function readHeadings(id: string): Record<string, string> {
    const cells = document.getElementById(id)?.querySelectorAll<HTMLElement>("[data-column]") ?? [];
    return Object.fromEntries(
        [...cells].map((cell) => [cell.dataset.column ?? "", cell.textContent.trim()]),
    );
}

/** The addresses that cells of a table lead to, by the text of the cell. */
export function readLinks(id: string): Map<string, string> {
    const links = document.getElementById(id)?.querySelectorAll<HTMLAnchorElement>("td a") ?? [];
    return new Map([...links].map((link) => [link.textContent.trim(), link.href]));
}

/** What a figure shows; JSON has kept characters that a page does not show as they are. */
function readChart(figure: HTMLElement): Chart {
    return JSON.parse(figure.dataset.chart ?? "{}", (_, value: unknown) =>
        typeof value === "string" ? visible(value) : value,
    ) as Chart;
}

async function draw(figure: HTMLElement, into: HTMLElement): Promise<void> {
    const chart = readChart(figure);
    const table = figure.dataset.table ?? "";
    const rows = readTable(table);
    if (!rows.length) {
        figure.hidden = true;
        return;
    }
    switch (chart.mark) {
        case "network":
            (await import("./network.js")).drawNetwork(chart, rows, readLinks(table), into);
            break;
        case "compared":
            (await import("./compared.js")).drawCompared(chart, rows, into);
            break;
        case "map":
            (await import("./map.js")).drawMap(chart, rows, into);
            break;
        default:
            (await import("./charts.js")).drawChart(chart, rows, readHeadings(table), into);
    }
    figure.dataset.drawn = chart.mark;
}

/** A place to draw in, in a figure that keeps no room for it. */
function added(figure: HTMLElement): HTMLElement {
    const into = document.createElement("div");
    into.className = "drawing";
    figure.append(into);
    return into;
}

export function drawAll(): void {
    const known = new Map<Element, HTMLElement>();
    const redraw = (figure: Element) => {
        const into = known.get(figure);
        if (into?.isConnected && figure instanceof HTMLElement && figure.dataset.drawn) {
            void draw(figure, into);
        }
    };
    const inView = new IntersectionObserver(
        (entries) => {
            for (const { target, isIntersecting } of entries) {
                const into = known.get(target);
                if (isIntersecting && into && target instanceof HTMLElement) {
                    inView.unobserve(target);
                    draw(target, into).catch((error: unknown) => {
                        console.error(error);
                        target.hidden = true;
                    });
                }
            }
        },
        { rootMargin: "400px" },
    );
    const widths = new Map<Element, number>();
    const resized = new ResizeObserver((entries) => {
        for (const { target, contentRect } of entries) {
            const before = widths.get(target);
            widths.set(target, contentRect.width);
            if (before !== undefined && Math.abs(before - contentRect.width) > 1) {
                redraw(target);
            }
        }
    });
    for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
        known.set(figure, figure.querySelector<HTMLElement>(".drawing") ?? added(figure));
        inView.observe(figure);
        resized.observe(figure);
    }
    document.addEventListener(THEME_CHANGED, () => {
        for (const figure of known.keys()) {
            if (figure.classList.contains("network")) {
                redraw(figure);
            }
        }
    });
}
