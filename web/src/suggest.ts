// The search field as a combobox (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).

import { visible } from "./visible.js";

interface Suggestion {
    name: string;
    address: string;
    about: string;
}

const PAUSE = 120;

export function suggest(): void {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-suggest]")) {
        new Combobox(form);
    }
}

class Combobox {
    private readonly input: HTMLInputElement;
    private readonly list = document.createElement("ul");
    private readonly address: string;
    private waiting = 0;
    private asked = new AbortController();
    private chosen = -1;

    constructor(form: HTMLFormElement) {
        const input = form.querySelector("input");
        if (!input) {
            throw new Error("a form of suggestions has no field");
        }
        this.input = input;
        this.address = form.dataset.suggest ?? "";
        this.list.className = "suggestions";
        this.list.id = `suggestions-${document.querySelectorAll(".suggestions").length}`;
        this.list.role = "listbox";
        this.list.ariaLabel = input.ariaLabel;
        this.list.hidden = true;
        form.append(this.list);
        input.role = "combobox";
        input.setAttribute("aria-autocomplete", "list");
        input.setAttribute("aria-controls", this.list.id);
        input.ariaExpanded = "false";
        input.addEventListener("input", () => {
            clearTimeout(this.waiting);
            this.waiting = window.setTimeout(() => void this.ask(), PAUSE);
        });
        input.addEventListener("keydown", (event) => this.press(event));
        form.addEventListener("focusout", (event) => {
            if (!form.contains(event.relatedTarget as Node | null)) {
                this.close();
            }
        });
        this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    }

    private async ask(): Promise<void> {
        this.asked.abort();
        this.asked = new AbortController();
        const text = this.input.value.trim();
        if (!text) {
            this.close();
            return;
        }
        const parameters = new URLSearchParams({ q: text, format: "json" });
        try {
            const response = await fetch(`${this.address}?${parameters}`, {
                signal: this.asked.signal,
            });
            if (response.ok) {
                this.show(((await response.json()) as { results: Suggestion[] }).results);
            }
        } catch (error) {
            if (!(error instanceof DOMException && error.name === "AbortError")) {
                this.close();
            }
        }
    }

    private show(found: Suggestion[]): void {
        this.chosen = -1;
        this.list.replaceChildren(
            ...found.map((one, place) => {
                const item = document.createElement("li");
                item.role = "option";
                item.id = `${this.list.id}-${place}`;
                item.ariaSelected = "false";
                item.dataset.address = one.address;
                const about = document.createElement("small");
                about.textContent = visible(one.about);
                item.append(visible(one.name), about);
                item.addEventListener("click", () => location.assign(one.address));
                return item;
            }),
        );
        this.list.hidden = found.length === 0;
        this.input.ariaExpanded = String(found.length > 0);
        this.input.removeAttribute("aria-activedescendant");
    }

    private press(event: KeyboardEvent): void {
        const items = [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
        if (event.key === "Escape") {
            this.close();
        } else if (items.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
            event.preventDefault();
            const step = event.key === "ArrowDown" ? 1 : -1;
            this.chosen = (this.chosen + step + items.length + 1) % (items.length + 1);
            for (const [place, item] of items.entries()) {
                item.ariaSelected = String(place === this.chosen);
            }
            const item = items[this.chosen];
            this.input.setAttribute("aria-activedescendant", item?.id ?? "");
            item?.scrollIntoView({ block: "nearest" });
        } else if (event.key === "Enter" && items[this.chosen]) {
            event.preventDefault();
            location.assign(items[this.chosen]?.dataset.address ?? "/search");
        }
    }

    private close(): void {
        this.list.hidden = true;
        this.input.ariaExpanded = "false";
    }
}
