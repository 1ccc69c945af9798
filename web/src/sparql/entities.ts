// Things of the graph by any of their names, for a query to speak of: what the search finds.

import type { CompletionContext } from "@codemirror/autocomplete";
import type { Place, Suggestion } from "./completion.js";
import { declared, split } from "./syntax.js";
import { type Vocabulary, written } from "./vocabulary.js";

interface Found {
    iri: string;
    name: string;
    about: string;
}

const PAUSE = 150;
const POSITIONS = new Set(["subject", "object", "value"]);

/** What may be asked for at a place: a name of at least two letters, or a Chinese one. */
export function wantedName({ position, typed }: Place): string {
    if (!POSITIONS.has(position) || /^[?$]/.test(typed)) {
        return "";
    }
    const wanted = typed.includes(":") ? split(typed)[1].replace(/[-_]/g, " ") : typed;
    return wanted.length >= 2 || /\p{Script=Han}/u.test(wanted) ? wanted : "";
}

/** The things whose names are like what is typed; nothing if more is typed meanwhile. */
export async function entities(
    text: string,
    place: Place,
    known: Vocabulary | undefined,
    context: CompletionContext,
): Promise<Suggestion[]> {
    const wanted = wantedName(place);
    if (!wanted || !known) {
        return [];
    }
    const asking = new AbortController();
    context.addEventListener("abort", () => asking.abort(), { onDocChange: true });
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (context.aborted) {
        return [];
    }
    const language = document.documentElement.lang;
    const parameters = new URLSearchParams({ q: wanted, format: "json", lang: language });
    try {
        const response = await fetch(`/search?${parameters}`, { signal: asking.signal });
        const { results } = (await response.json()) as { results: Found[] };
        const there = declared(text);
        const prefix = place.typed.includes(":") ? split(place.typed)[0] : undefined;
        return results
            .map(({ iri, name, about }): Suggestion => {
                const detail = [name, about].filter(Boolean).join(" · ");
                return { ...written(iri, there, known.prefixes), kind: "entity", detail, info: "" };
            })
            .filter((one) => prefix === undefined || one.text.startsWith(`${prefix}:`));
    } catch {
        return []; // what is typed can be written without
    }
}
