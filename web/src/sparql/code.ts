// The field in which a query is written: CodeMirror in a root of its own, since the policy of the
// pages allows no style elements, and adopted style sheets are none.

import {
    autocompletion,
    type Completion,
    type CompletionContext,
    type CompletionResult,
    closeBrackets,
    closeBracketsKeymap,
    completionKeymap,
    completionStatus,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorSelection, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import {
    drawSelection,
    EditorView,
    highlightActiveLine,
    highlightActiveLineGutter,
    highlightSpecialChars,
    hoverTooltip,
    keymap,
    lineNumbers,
    rectangularSelection,
} from "@codemirror/view";
import { check, type Problem } from "./checks.js";
import { placeAt, type Suggestion, suggestions } from "./completion.js";
import { element } from "./elements.js";
import { entities } from "./entities.js";
import { LANGUAGE, look } from "./look.js";
import { declaration } from "./prefixes.js";
import { declared, irisOf, namesOf } from "./syntax.js";
import { allWords, inLanguage, labels, type Vocabulary } from "./vocabulary.js";
import { fill, type Words } from "./words.js";

export interface Marked {
    severity: Problem["severity"];
    message: string;
    line: number;
    from: number;
    /** What mends it, by name. */
    fixes: { name: string; apply: () => void }[];
}

interface Wishes {
    parent: HTMLElement;
    text: string;
    label: string;
    words: Words;
    hasSearch: boolean;
    run: () => void;
    /** End what runs; whether something did. */
    cancel: () => boolean;
    help: () => void;
    changed: (text: string) => void;
    checked: (problems: Marked[]) => void;
}

const LEARNT = StateEffect.define<null>();
const REFUSED = StateEffect.define<{ place: number; message: string } | null>();

/** What the server said of the text, until it is changed. */
const REFUSAL = StateField.define<{ place: number; message: string } | null>({
    create: () => null,
    update(value, transaction) {
        for (const effect of transaction.effects) {
            if (effect.is(REFUSED)) {
                return effect.value;
            }
        }
        return transaction.docChanged ? null : value;
    },
});

/** Replace some lines by what is typed: a browser would join them by styles, against our policy. */
function writeOver(event: InputEvent, view: EditorView): boolean {
    const { from, to } = view.state.selection.main;
    const isAcross = view.state.doc.lineAt(from).number < view.state.doc.lineAt(to).number;
    if (!isAcross || event.inputType !== "insertText" || event.data === null) {
        return false;
    }
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type" });
    return true;
}

export class Code {
    private readonly view: EditorView;
    private vocabulary: Vocabulary | undefined;
    private readonly language = document.documentElement.lang;

    constructor(private readonly wishes: Wishes) {
        const root = wishes.parent.attachShadow({ mode: "open" });
        const inside = element("div");
        root.append(inside);
        this.view = new EditorView({
            parent: inside,
            root,
            state: EditorState.create({ doc: wishes.text, extensions: this.extensions() }),
        });
    }

    get text(): string {
        return this.view.state.doc.toString();
    }

    set text(text: string) {
        if (text !== this.text) {
            const { length } = this.view.state.doc;
            this.view.dispatch({ changes: { from: 0, to: length, insert: text } });
        }
    }

    focus(): void {
        this.view.focus();
    }

    /** Complete and check by these words from now on. */
    know(vocabulary: Vocabulary): void {
        this.vocabulary = vocabulary;
        this.view.dispatch({ effects: LEARNT.of(null) });
    }

    /** Mark what the server said, at its line and column, which count from one. */
    refuse(message: string, line: number, column: number): void {
        const { doc } = this.view.state;
        const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
        const before = [...found.text].slice(0, Math.max(0, column - 1)).join("").length;
        const place = Math.min(found.from + before, found.to);
        const said = message.replace(/^line \d+, column \d+: /, "");
        this.view.dispatch({
            effects: [REFUSED.of({ place, message: said }), EditorView.scrollIntoView(place)],
        });
    }

    /** Put the cursor at a place. */
    goTo(place: number): void {
        this.view.dispatch({ selection: EditorSelection.cursor(place), scrollIntoView: true });
        this.view.focus();
    }

    private extensions() {
        const { words, label } = this.wishes;
        const keys = keymap.of([
            { key: "Mod-Enter", run: does(this.wishes.run), preventDefault: true },
            {
                key: "Escape",
                run: ({ state }) => completionStatus(state) === null && this.wishes.cancel(),
            },
            { key: "F1", run: does(this.wishes.help), preventDefault: true },
        ]);
        return [
            Prec.high(keys),
            lineNumbers(),
            highlightActiveLine(),
            highlightActiveLineGutter(),
            highlightSpecialChars({
                addSpecialChars: /[\u202a-\u202c\u2068\ufdd0-\ufdef\ufffe\uffff]/g,
            }),
            highlightSelectionMatches(),
            history(),
            drawSelection(),
            rectangularSelection(),
            EditorView.lineWrapping,
            EditorView.domEventHandlers({ beforeinput: writeOver }),
            indentUnit.of("  "),
            bracketMatching(),
            closeBrackets(),
            LANGUAGE.data.of({ commentTokens: { line: "#" } }),
            LANGUAGE.data.of({ autocomplete: (at: CompletionContext) => this.complete(at) }),
            ...(this.wishes.hasSearch
                ? [
                      LANGUAGE.data.of({
                          autocomplete: (at: CompletionContext) => this.find(at),
                      }),
                  ]
                : []),
            autocompletion({
                icons: false,
                maxRenderedOptions: 60,
                addToOptions: [{ render: (one) => usesOf(one), position: 90 }],
            }),
            REFUSAL,
            linter((view) => this.check(view), {
                delay: 350,
                needsRefresh: ({ transactions }) =>
                    transactions.some(({ effects }) =>
                        effects.some((effect) => effect.is(LEARNT) || effect.is(REFUSED)),
                    ),
            }),
            lintGutter(),
            hoverTooltip((view, place) => this.about(view, place)),
            keymap.of([
                ...closeBracketsKeymap,
                ...completionKeymap,
                ...lintKeymap,
                ...searchKeymap,
                ...historyKeymap,
                ...defaultKeymap,
            ]),
            EditorState.phrases.of(words),
            EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
            EditorView.updateListener.of(({ docChanged }) => {
                if (docChanged) {
                    this.wishes.changed(this.text);
                }
            }),
            look,
        ];
    }

    private complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
        const text = state.doc.toString();
        const place = placeAt(text, pos);
        if (!explicit && !place.typed) {
            return null;
        }
        const options = suggestions(text, place, this.vocabulary, this.language);
        return { from: place.from, filter: false, options: options.map((one) => this.option(one)) };
    }

    private async find(context: CompletionContext): Promise<CompletionResult | null> {
        const text = context.state.doc.toString();
        const place = placeAt(text, context.pos);
        const found = await entities(text, place, this.vocabulary, context);
        return found.length
            ? { from: place.from, filter: false, options: found.map((one) => this.option(one)) }
            : null;
    }

    private option({ text, detail, info, needs, kind, uses }: Suggestion): Completion {
        const { words } = this.wishes;
        const about = uses
            ? `${info} ${fill(words, uses === 1 ? "usedOnce" : "used", { count: uses })}`
            : info;
        return {
            label: text,
            detail,
            type: kind,
            ...(about.trim() ? { info: about.trim() } : {}),
            ...(uses ? { uses } : {}),
            apply: (view, _, from, to) => {
                const isCall = kind === "function";
                const insert = isCall ? `${text})` : text;
                const changes = [{ from, to, insert }];
                const there = declared(view.state.doc.toString());
                const line =
                    needs && !there.has(needs.prefix)
                        ? declaration(view.state.doc.toString(), needs.prefix, needs.iri)
                        : undefined;
                const shift = line && line.from <= from ? line.insert.length : 0;
                view.dispatch({
                    changes: line ? [line, ...changes] : changes,
                    selection: EditorSelection.cursor(
                        from + shift + insert.length - Number(isCall),
                    ),
                    scrollIntoView: true,
                    userEvent: "input.complete",
                });
            },
        };
    }

    private check({ state }: EditorView): Diagnostic[] {
        const { words } = this.wishes;
        const found = check(state.doc.toString(), this.vocabulary, words);
        const refusal = state.field(REFUSAL);
        const diagnostics = found.map(({ fixes, ...problem }) => ({
            ...problem,
            actions: fixes.map(({ name, ...change }) => ({
                name,
                apply: (view: EditorView) => view.dispatch({ changes: change }),
            })),
        }));
        const all: Diagnostic[] = refusal
            ? [
                  ...diagnostics,
                  {
                      from: Math.max(0, Math.min(refusal.place, state.doc.length) - 1),
                      to: Math.min(refusal.place + 1, state.doc.length),
                      severity: "error",
                      source: fill(words, "server"),
                      message: refusal.message,
                  },
              ]
            : diagnostics;
        queueMicrotask(() => this.tell(all));
        return all;
    }

    private tell(all: Diagnostic[]): void {
        const { doc } = this.view.state;
        this.wishes.checked(
            all
                .filter(({ to }) => to <= doc.length)
                .map(({ severity, message, from, actions = [] }) => ({
                    severity: severity === "hint" ? "info" : severity,
                    message,
                    line: doc.lineAt(from).number,
                    from,
                    fixes: actions.map(({ name, apply }) => ({
                        name,
                        apply: () => {
                            apply(this.view, from, from);
                            this.view.focus();
                        },
                    })),
                })),
        );
    }

    /** What a word in the text means, shown where the pointer rests. */
    private about(view: EditorView, place: number) {
        const text = view.state.doc.toString();
        const at = [...namesOf(text), ...irisOf(text)].find(
            ({ from, to }) => from <= place && place <= to,
        );
        const word =
            at && this.vocabulary && allWords(this.vocabulary).find(({ iri }) => iri === at.iri);
        if (!at || !word) {
            return null;
        }
        const { words } = this.wishes;
        const uses = fill(words, word.uses === 1 ? "usedOnce" : "used", { count: word.uses });
        const definition = inLanguage(word.definition, this.language);
        return {
            pos: at.from,
            end: at.to,
            above: true,
            create: () => ({
                dom: element(
                    "div",
                    { class: "cm-about" },
                    element("p", {}, element("strong", {}, labels(word, this.language))),
                    element("p", {}, `${definition} ${uses}`.trim()),
                ),
            }),
        };
    }
}

/** A command of a key that does something whatever the state is. */
function does(something: () => void): () => boolean {
    return () => {
        something();
        return true;
    };
}

function usesOf(completion: Completion): Node | null {
    const { uses } = completion as Completion & { uses?: number };
    return uses ? element("span", { class: "cm-completionUses" }, String(uses)) : null;
}
