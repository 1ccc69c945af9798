// An answer as a table: sorted by a press on a heading, some rows at a time.

import { visible } from "../visible.js";
import { type Answer, compare, isNumber, spelt, type Term } from "./answers.js";
import { button, element } from "./elements.js";
import type { Names } from "./names.js";
import { fill, type Words } from "./words.js";

export const ROWS_AT_ONCE = 100;
const LONGEST = 500;
/** Things that are named for sorting by their names. */
const MOST_NAMED = 5_000;

export class Table {
    readonly element = element("div", { class: "answer-table" });
    private order: number[];
    private start = 0;
    private sorted: { place: number; isFalling: boolean } | undefined;

    constructor(
        private readonly answer: Answer,
        private readonly names: Names,
        private readonly version: string,
        private readonly words: Words,
    ) {
        this.order = answer.rows.map((_, place) => place);
        this.draw();
    }

    private draw(): void {
        const shown = this.order
            .slice(this.start, this.start + ROWS_AT_ONCE)
            .map((place) => this.answer.rows[place] ?? []);
        this.element.replaceChildren(this.table(shown), ...this.pager());
        const iris = shown.flatMap((row) =>
            row.flatMap((term) => (term?.type === "uri" ? [term.value] : [])),
        );
        void this.names.learn(iris, this.version).then((isNew) => {
            if (isNew && this.element.isConnected) {
                this.rename();
            }
        });
    }

    /** Put names in the place of IRIs, without touching where the focus is. */
    private rename(): void {
        for (const link of this.element.querySelectorAll<HTMLElement>("[data-iri]")) {
            link.textContent = visible(this.names.of(link.dataset.iri ?? ""));
        }
    }

    private table(rows: (Term | undefined)[][]): HTMLElement {
        const columns = this.answer.columns.map((name, place) => {
            const terms = rows.map((row) => row[place]).filter((term) => term !== undefined);
            return {
                name,
                isNumeric: terms.length > 0 && terms.every(isNumber),
                hasLanguages: new Set(terms.map((term) => term.language)).size > 1,
            };
        });
        const heads = columns.map(({ name, isNumeric }, place) =>
            this.heading(name, place, isNumeric),
        );
        const body = rows.map((row) =>
            element("tr", {}, ...columns.map((column, place) => this.cell(row[place], column))),
        );
        const table = element(
            "table",
            {},
            element("caption", {}, this.caption()),
            element("thead", {}, element("tr", {}, ...heads)),
            element("tbody", {}, ...body),
        );
        const label = fill(this.words, "answer");
        return element(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
            table,
        );
    }

    private caption(): string {
        const count = this.order.length;
        return count > ROWS_AT_ONCE
            ? fill(this.words, "rowsOf", {
                  first: (this.start + 1).toLocaleString(document.documentElement.lang),
                  last: Math.min(this.start + ROWS_AT_ONCE, count).toLocaleString(
                      document.documentElement.lang,
                  ),
                  count: count.toLocaleString(document.documentElement.lang),
              })
            : fill(this.words, count === 1 ? "row" : "rows", { count });
    }

    private heading(column: string, place: number, isNumeric: boolean): HTMLElement {
        const isSorted = this.sorted?.place === place;
        const sign = !isSorted ? "" : this.sorted?.isFalling ? " ▼" : " ▲";
        const press = button(column, () => void this.sort(place), {
            class: "sort",
            title: fill(this.words, "sort"),
            "data-place": String(place),
        });
        press.append(element("span", { "aria-hidden": "true" }, sign));
        return element(
            "th",
            {
                scope: "col",
                class: isNumeric ? "number" : undefined,
                "aria-sort": !isSorted
                    ? undefined
                    : this.sorted?.isFalling
                      ? "descending"
                      : "ascending",
            },
            press,
        );
    }

    /** Sort by a column, things by what they are called: rising, falling, then as it came. */
    private async sort(place: number): Promise<void> {
        const { sorted } = this;
        const next =
            sorted?.place !== place
                ? { place, isFalling: false }
                : sorted.isFalling
                  ? undefined
                  : { place, isFalling: true };
        this.sorted = next;
        const column = this.answer.rows.map((row) => row[place]);
        const iris = column.flatMap((term) => (term?.type === "uri" ? [term.value] : []));
        await this.names.learn(iris.slice(0, MOST_NAMED), this.version);
        if (this.sorted !== next) {
            return; // another heading was pressed meanwhile
        }
        const called = column.map((term) =>
            term?.type === "uri" ? { ...term, value: this.names.of(term.value) } : term,
        );
        this.order = this.answer.rows.map((_, row) => row);
        if (next) {
            const sign = next.isFalling ? -1 : 1;
            this.order.sort((one, other) => {
                const hasNone = Number(!called[one]) - Number(!called[other]);
                return hasNone || sign * compare(called[one], called[other]) || one - other;
            });
        }
        this.start = 0;
        this.draw();
        this.element.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus();
    }

    private cell(
        term: Term | undefined,
        column: { isNumeric: boolean; hasLanguages: boolean },
    ): HTMLElement {
        if (!term) {
            return element("td");
        }
        if (term.type === "uri") {
            const href = this.names.addressOf(term.value);
            const attributes = { title: term.value, "data-iri": term.value };
            const name = this.names.of(term.value);
            return element(
                "td",
                {},
                href
                    ? element("a", { ...attributes, href }, name)
                    : element("span", attributes, name),
            );
        }
        const text = spelt(term);
        const isLong = text.length > LONGEST;
        const shown = isLong ? `${text.slice(0, LONGEST)}…` : text;
        const more = isLong
            ? [
                  element(
                      "small",
                      { class: "soft" },
                      ` ${fill(this.words, "longText", { count: text.length.toLocaleString(document.documentElement.lang) })}`,
                  ),
              ]
            : [];
        const tag =
            column.hasLanguages && term.language
                ? [element("small", { class: "soft" }, ` ${term.language}`)]
                : [];
        const isShort = text.length < 20;
        return element(
            "td",
            {
                class: column.isNumeric ? "number" : isShort ? "short" : undefined,
                title: term.datatype,
            },
            element("bdi", { lang: term.language }, shown),
            ...more,
            ...tag,
        );
    }

    private pager(): HTMLElement[] {
        const count = this.order.length;
        if (count <= ROWS_AT_ONCE) {
            return [];
        }
        const last = Math.floor((count - 1) / ROWS_AT_ONCE) * ROWS_AT_ONCE;
        const to = (key: string, sign: string, start: number) => {
            const press = button(
                sign,
                () => {
                    this.start = start;
                    this.draw();
                    this.element.querySelector<HTMLElement>(`[data-go="${key}"]`)?.focus();
                },
                {
                    class: "quiet",
                    "data-go": key,
                    "aria-label": fill(this.words, key),
                    title: fill(this.words, key),
                },
            );
            press.disabled = start === this.start || start < 0 || start > last;
            return press;
        };
        return [
            element(
                "nav",
                { class: "pager", "aria-label": fill(this.words, "pages") },
                to("firstPage", "«", 0),
                to("pageBefore", "‹", this.start - ROWS_AT_ONCE),
                element("span", {}, this.caption()),
                to("nextPage", "›", this.start + ROWS_AT_ONCE),
                to("lastPage", "»", last),
            ),
        ];
    }
}
