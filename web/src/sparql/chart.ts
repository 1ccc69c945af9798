// An answer as a chart: which one is chosen by what its columns hold, and then by who looks at it.

import type { Chart } from "../figures.js";
import type { Answer } from "./answers.js";
import { allowed, chartFor, kinds, type Mark, ROLES, rowsFor } from "./charting.js";
import { choice, element } from "./elements.js";
import type { Names } from "./names.js";
import { fill, type Words } from "./words.js";

const MARKS = Object.keys(ROLES) as Mark[];
const MOST_ROWS: Record<Mark, number> = {
    dot: 2_000,
    bar: 60,
    intervals: 80,
    map: 300,
    matrix: 80,
};

export class ChartView {
    readonly element = element("div", { class: "answer-chart" });
    private readonly controls = element("form", { class: "roles" });
    private readonly note = element("p", { class: "note" });
    private readonly drawing = element("div", { class: "drawing" });
    private chart: Chart;
    private width = 0;

    constructor(
        private readonly answer: Answer,
        private readonly names: Names,
        private readonly version: string,
        private readonly words: Words,
    ) {
        this.chart = chartFor(answer) ?? { mark: "dot" };
        const label = fill(words, "chart");
        const figure = element("figure", { class: "chart", "aria-label": label }, this.drawing);
        this.element.append(this.controls, figure, this.note);
        this.controls.addEventListener("submit", (event) => event.preventDefault());
        this.choose({});
        new ResizeObserver(([entry]) => {
            const width = entry?.contentRect.width ?? 0;
            if (width && Math.abs(width - this.width) > 1) {
                this.width = width;
                void this.draw();
            }
        }).observe(this.drawing);
    }

    /** Take another mark, column or scale, and draw. */
    private choose(changed: Record<string, string>): void {
        const next = { ...this.chart, ...changed };
        const { needed, possible } = ROLES[next.mark as Mark];
        const roles = [...needed, ...possible];
        const kept = roles
            .filter((role) => this.options(next.mark as Mark, role).includes(next[role] ?? ""))
            .map((role) => [role, next[role] ?? ""]);
        this.chart = { ...Object.fromEntries(kept), mark: next.mark } as Chart;
        if (next.scale === "log") {
            this.chart.scale = "log";
        }
        for (const role of needed) {
            this.chart[role] ??= this.options(next.mark as Mark, role)[0] ?? "";
        }
        this.offer(needed, possible);
        void this.draw();
    }

    private options(mark: Mark, role: string): string[] {
        const all = kinds(this.answer);
        const fitting = allowed(mark, role);
        return this.answer.columns.filter((column) => fitting.includes(all[column] ?? "text"));
    }

    private offer(needed: string[], possible: string[]): void {
        const mark = this.chart.mark as Mark;
        const focused = this.controls.contains(document.activeElement)
            ? [...this.controls.querySelectorAll("select")].indexOf(
                  document.activeElement as HTMLSelectElement,
              )
            : -1;
        const chosenBy = (role: string, options: string[]) =>
            choice(
                fill(this.words, `role-${role}`),
                options.map((option) => [option, option || "–"] as const),
                this.chart[role] ?? "",
                (column) => this.choose({ [role]: column }),
            );
        this.controls.replaceChildren(
            choice(
                fill(this.words, "mark"),
                MARKS.map((one) => [one, fill(this.words, `mark-${one}`)] as const),
                mark,
                (one) => this.choose({ mark: one }),
            ),
            ...needed.map((role) => chosenBy(role, this.options(mark, role))),
            ...possible.map((role) => chosenBy(role, ["", ...this.options(mark, role)])),
            ...(mark === "matrix" || mark === "map"
                ? []
                : [
                      choice(
                          fill(this.words, "scale"),
                          [
                              ["linear", fill(this.words, "linear")],
                              ["log", fill(this.words, "log")],
                          ],
                          this.chart.scale ?? "linear",
                          (scale) => this.choose({ scale }),
                      ),
                  ]),
        );
        this.controls.querySelectorAll("select")[focused]?.focus();
    }

    private async draw(): Promise<void> {
        const { chart, answer, words } = this;
        const mark = chart.mark as Mark;
        const missing = ROLES[mark].needed.some((role) => !chart[role]);
        if (missing || !answer.rows.length) {
            this.drawing.replaceChildren();
            this.note.textContent = fill(words, missing ? "noChart" : "noRows");
            return;
        }
        if (!this.drawing.clientWidth) {
            return; // it is drawn when it is shown
        }
        const most = MOST_ROWS[mark];
        const first = { ...answer, rows: answer.rows.slice(0, most) };
        const iris = first.rows.flatMap((row) =>
            row.flatMap((term) => (term?.type === "uri" ? [term.value] : [])),
        );
        await this.names.learn(iris, this.version);
        const rows = rowsFor(first, (iri) => this.names.of(iri));
        if (mark === "map") {
            (await import("../map.js")).drawMap(chart, rows, this.drawing);
        } else {
            const headings = Object.fromEntries(
                answer.columns.map((name) => [name, heading(name)]),
            );
            (await import("../charts.js")).drawChart(chart, rows, headings, this.drawing);
        }
        const left = answer.rows.length > most;
        this.note.textContent = left
            ? fill(words, "firstDrawn", { most, count: answer.rows.length })
            : fill(words, "sameAsTable");
    }
}

/** The name of a column as a person reads it: `computeMin` is `Compute min`. */
function heading(column: string): string {
    const words = column.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
    return words.slice(0, 1).toUpperCase() + words.slice(1);
}
