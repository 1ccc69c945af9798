// What was written last, kept in the browser and nowhere else.

const KEY = "sparql-draft";
const PAUSE = 400;

export interface Draft {
    text: string;
    /** Milliseconds since 1970. */
    time: number;
}

export function lastDraft(): Draft | undefined {
    try {
        const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Draft | null;
        return typeof kept?.text === "string" && typeof kept.time === "number" ? kept : undefined;
    } catch {
        return undefined; // there is no storage, or something else in it
    }
}

let waiting = 0;

/** Keep a text, a moment after the last change. */
export function keep(text: string): void {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
        try {
            localStorage.setItem(KEY, JSON.stringify({ text, time: Date.now() } satisfies Draft));
        } catch {
            // there is no room or no leave for it
        }
    }, PAUSE);
}
