// The page of the SPARQL editor: what is written, asked and shown, and the address that follows it.

import { type Asked, Asking, addressOf, isShort, Refusal } from "./asking.js";
import { Code, type Marked } from "./code.js";
import { keep, lastDraft } from "./draft.js";
import { button, element } from "./elements.js";
import { gallery } from "./gallery.js";
import { Names } from "./names.js";
import type { Format } from "./raw.js";
import { read, result, type Setting } from "./result.js";
import type { Vocabulary } from "./vocabulary.js";
import { fill, type Words } from "./words.js";

/** What the server put into the page for its script. */
interface Facts {
    /** What all IRIs of ours begin with; empty where the data are not ours. */
    base: string;
    /** Whether the address has a query, which then is answered. */
    isAsked: boolean;
    formats: Record<"graph" | "rows", Format[]>;
    /** The query as it came: the field shows marks for characters that nobody sees. */
    query: string;
    answer: { kind: "graph" | "rows"; body: string; names: Record<string, string> } | null;
    problem: { detail: string; line: number | null; column: number | null } | null;
}

const ACCEPT = "application/sparql-results+json, application/n-triples";
const MEDIA_TYPES = { rows: "application/sparql-results+json", graph: "application/n-triples" };
const GRAPHS = ["default-graph-uri", "named-graph-uri"];
const MOST_PROBLEMS = 4;

const json = <T>(id: string): T => JSON.parse(document.getElementById(id)?.textContent ?? "") as T;

function found<T extends HTMLElement>(selector: string): T {
    const one = document.querySelector<T>(selector);
    if (!one) {
        throw new Error(`the page has no ${selector}`);
    }
    return one;
}

class Page {
    private readonly facts = json<Facts>("sparql-facts");
    private readonly words = json<Words>("sparql-words");
    private readonly form = found<HTMLFormElement>("#ask");
    private readonly field = found<HTMLTextAreaElement>("#query");
    private readonly pin = found<HTMLInputElement>("#pin");
    private readonly pinned = found("[data-pinned]");
    private readonly status = found("[data-status]");
    private readonly elapsed = found("[data-elapsed]");
    private readonly stop = found<HTMLButtonElement>("[data-cancel]");
    private readonly graphs = found("[data-graphs]");
    private readonly problems = found("[data-problems]");
    private readonly answer = found("#answer");
    private readonly keys = found<HTMLDialogElement>("#keys");
    private readonly setting: Setting;
    private readonly code: Code;
    private asking: Asking | undefined;

    constructor() {
        const { words, facts } = this;
        this.setting = { words, formats: facts.formats, names: new Names(facts.base) };
        const place = element("div", { class: "code" });
        this.field.before(place);
        this.field.hidden = true;
        this.problems.hidden = false;
        this.code = new Code({
            parent: place,
            text: facts.query,
            label: fill(words, "query"),
            words,
            hasSearch: facts.base !== "",
            run: () => void this.run(),
            cancel: () => this.cancel(),
            help: () => this.keys.showModal(),
            changed: keep,
            checked: (all) => this.list(all),
        });
        this.listen();
        void this.learn();
        this.begin();
    }

    private listen(): void {
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            void this.run();
        });
        document.addEventListener("keydown", ({ key, defaultPrevented }) => {
            if (key === "Escape" && !defaultPrevented && !this.keys.open) {
                this.cancel();
            }
        });
        this.stop.addEventListener("click", () => this.cancel());
        window.addEventListener("popstate", () => this.follow());
        const help = found<HTMLButtonElement>("[data-keys]");
        help.hidden = false;
        help.addEventListener("click", () => this.keys.showModal());
        const copy = found<HTMLButtonElement>("[data-copy]");
        copy.hidden = !("clipboard" in navigator); // which only secure origins have
        copy.addEventListener("click", () => void this.copy());
        const list = document.querySelector<HTMLElement>("[data-gallery]");
        if (list) {
            gallery(list, (text) => {
                this.code.text = text;
                this.code.focus();
                this.status.textContent = fill(this.words, "taken");
            });
        }
    }

    /** The words to complete and to check with; without them both are poorer. */
    private async learn(): Promise<void> {
        const response = await fetch("/sparql/terms");
        if (response.ok) {
            this.code.know((await response.json()) as Vocabulary);
        }
    }

    /** Show what came with the page; ask for it where it was too much for that. */
    private begin(): void {
        const { facts } = this;
        if (facts.problem) {
            const { detail, line, column } = facts.problem;
            this.refused(new Refusal(detail, line ?? undefined, column ?? undefined));
        } else if (facts.answer) {
            const { kind, body, names } = facts.answer;
            this.setting.names.take(names, this.pin.value);
            const reply = { text: body, mediaType: MEDIA_TYPES[kind], version: this.pin.value };
            this.show(this.asked(), reply);
        } else if (facts.isAsked) {
            void this.run(false);
        } else {
            this.offerDraft();
        }
    }

    private offerDraft(): void {
        const draft = lastDraft();
        if (!draft || draft.text === this.code.text || !draft.text.trim()) {
            return;
        }
        const time = new Date(draft.time).toLocaleString(document.documentElement.lang, {
            dateStyle: "medium",
            timeStyle: "short",
        });
        const note = element("p", { class: "draft" }, `${fill(this.words, "draft", { time })} `);
        note.append(
            button(
                fill(this.words, "takeDraft"),
                () => {
                    this.code.text = draft.text;
                    this.code.focus();
                    note.remove();
                },
                { class: "quiet" },
            ),
        );
        this.form.before(note);
    }

    private asked(): Asked {
        const fields = this.graphs.querySelectorAll("input");
        return {
            query: this.code.text,
            graphs: [...fields].map(({ name, value }) => [name, value]),
            ...(this.pin.checked ? { version: this.pin.value } : {}),
        };
    }

    /** Ask for what is written; the address follows, unless it is where it is said already. */
    private async run(isNew = true): Promise<void> {
        this.cancel();
        const asked = this.asked();
        const asking = new Asking();
        this.asking = asking;
        if (isNew) {
            this.move(asked);
        }
        this.busy(asking);
        try {
            const reply = await asking.reply(asked, ACCEPT);
            if (this.asking === asking) {
                this.show(asked, reply);
            }
        } catch (error) {
            if (!asking.isCancelled) {
                this.refused(error);
            }
        } finally {
            if (this.asking === asking) {
                this.asking = undefined;
                this.idle();
            }
        }
    }

    /** The graphs that a parameter names, as one text. */
    private chosen(parameter: string): string {
        const fields = this.graphs.querySelectorAll<HTMLInputElement>(`[name="${parameter}"]`);
        return String([...fields].map(({ value }) => value));
    }

    private move(asked: Asked): void {
        const address = addressOf(asked);
        if (isShort(address) && address !== location.pathname + location.search) {
            history.pushState(null, "", address);
        }
    }

    /** Go where the browser's back and forward lead. */
    private follow(): void {
        const parameters = new URLSearchParams(location.search);
        if (GRAPHS.some((name) => String(parameters.getAll(name)) !== this.chosen(name))) {
            location.reload(); // the page says which graphs are asked
            return;
        }
        const query = parameters.get("query");
        const version = parameters.get("version");
        this.cancel();
        this.code.text = query ?? parameters.get("draft") ?? this.facts.query;
        this.pin.checked = version !== null;
        if (version) {
            this.know(version);
        }
        if (query !== null) {
            void this.run(false);
        } else {
            this.answer.replaceChildren();
            this.status.textContent = "";
        }
    }

    /** End what runs; whether something did. */
    private cancel(): boolean {
        const { asking } = this;
        if (!asking) {
            return false;
        }
        this.asking = undefined;
        asking.cancel();
        this.idle();
        this.status.textContent = fill(this.words, "cancelled", {
            seconds: asking.seconds.toFixed(1),
        });
        return true;
    }

    private busy(asking: Asking): void {
        this.status.textContent = fill(this.words, "running");
        this.status.classList.remove("failed");
        this.stop.hidden = false;
        this.answer.ariaBusy = "true";
        const tick = () => {
            if (this.asking === asking) {
                this.elapsed.textContent = `${asking.seconds.toFixed(1)} s`;
                setTimeout(tick, 100);
            }
        };
        tick();
    }

    private idle(): void {
        this.stop.hidden = true;
        this.elapsed.textContent = "";
        this.answer.ariaBusy = "false";
    }

    private show(
        asked: Asked,
        reply: { text: string; mediaType: string; version: string; seconds?: number },
    ): void {
        const answer = read(reply);
        this.know(reply.version);
        const { words } = this;
        const count = answer.rows.length;
        const key = answer.kind === "graph" ? "triples" : count === 1 ? "row" : "rows";
        const found = fill(words, answer.kind === "truth" ? "answered" : key, {
            count: count.toLocaleString(document.documentElement.lang),
        });
        const parts = [
            found,
            ...(reply.seconds === undefined
                ? []
                : [fill(words, "seconds", { seconds: reply.seconds.toFixed(2) })]),
            fill(words, answer.isComplete ? "complete" : "incomplete"),
        ];
        this.status.textContent = parts.join(" · ");
        this.answer.replaceChildren(...result(answer, asked, reply, this.setting));
    }

    /** Say what the server said, and mark where in the text that is. */
    private refused(error: unknown): void {
        const isOurs = error instanceof Refusal;
        const message = isOurs ? error.message : fill(this.words, "unreachable");
        this.status.textContent = fill(this.words, "refused");
        this.status.classList.add("failed");
        this.answer.replaceChildren(element("p", { class: "cut", role: "alert" }, message));
        if (isOurs && error.line !== undefined) {
            this.code.refuse(message, error.line, error.column ?? 1);
        }
    }

    private know(version: string): void {
        this.pin.value = version;
        this.pinned.textContent = version;
    }

    /** List what is wrong in the text, with what goes there and what mends it. */
    private list(all: Marked[]): void {
        const shown = all.slice(0, MOST_PROBLEMS).map(({ severity, message, line, from, fixes }) =>
            element(
                "li",
                { class: severity },
                button(fill(this.words, "line", { line }), () => this.code.goTo(from), {
                    class: "quiet",
                }),
                element("span", {}, message),
                ...fixes.map(({ name, apply }) => button(name, apply, { class: "quiet fix" })),
            ),
        );
        const left = all.length - shown.length;
        const more = left ? [element("li", {}, fill(this.words, "more", { count: left }))] : [];
        const none = element("li", { class: "none" }, fill(this.words, "noMistakes"));
        this.problems.replaceChildren(...(shown.length ? shown : [none]), ...more);
    }

    private async copy(): Promise<void> {
        const address = addressOf(this.asked());
        if (!isShort(address)) {
            this.status.textContent = fill(this.words, "tooLong");
            return;
        }
        await navigator.clipboard.writeText(location.origin + address);
        this.status.textContent = fill(this.words, "copied");
    }
}

export function editor(): void {
    new Page();
}
