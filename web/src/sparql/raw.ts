// An answer as the server sends it, in the format that is chosen.

import { type Asked, addressOf, isShort, refusal, request } from "./asking.js";
import { button, choice, element, visible } from "./elements.js";
import { fill, type Words } from "./words.js";

export interface Format {
    name: string;
    mediaType: string;
    extension: string;
}

const LONGEST = 300_000;

export class Raw {
    readonly element = element("div", { class: "answer-raw" });
    private readonly text = element("code");
    private readonly note = element("p", { class: "note" });
    private asking = new AbortController();

    constructor(
        private readonly asked: Asked,
        private readonly formats: Format[],
        private readonly words: Words,
    ) {
        const chosen = formats[0];
        const label = fill(words, "format");
        this.element.append(
            choice(
                label,
                formats.map(({ name, mediaType }) => [name, `${name} (${mediaType})`] as const),
                chosen?.name ?? "",
                (name) => void this.show(name),
            ),
            element("pre", { tabindex: "0", role: "region", "aria-label": label }, this.text),
            this.note,
        );
        void this.show(chosen?.name ?? "");
    }

    private async show(name: string): Promise<void> {
        this.asking.abort();
        this.asking = new AbortController();
        const format = this.formats.find((one) => one.name === name);
        this.element.ariaBusy = "true";
        try {
            const { signal } = this.asking;
            const response = await request(this.asked, format?.mediaType ?? "*/*", signal);
            if (!response.ok) {
                throw await refusal(response);
            }
            const [text, isAll] = await firstOf(response);
            this.text.textContent = visible(text);
            this.note.textContent = isAll ? "" : fill(this.words, "firstCharacters");
        } catch (error) {
            if (this.asking.signal.aborted) {
                return;
            }
            this.text.textContent = "";
            this.note.textContent = error instanceof Error ? error.message : String(error);
        }
        this.element.ariaBusy = "false";
    }
}

/** The beginning of a text, and whether it is all. */
async function firstOf(response: Response): Promise<[string, boolean]> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: "" };
        if (done) {
            return [text, true];
        }
        text += value;
        if (text.length > LONGEST) {
            void reader?.cancel();
            return [text.slice(0, LONGEST), false];
        }
    }
}

/** What takes the answer away, in each format. */
export function downloads(asked: Asked, formats: Format[], words: Words): HTMLElement {
    const links = formats.map((format) => {
        const address = addressOf(asked, format.name);
        const file = `answer.${format.extension}`;
        return isShort(address)
            ? element("a", { href: address, download: file, rel: "nofollow" }, format.name)
            : button(format.name, () => void save(asked, format, file), { class: "quiet" });
    });
    return element(
        "p",
        { class: "formats" },
        element("span", {}, fill(words, "download")),
        ...links,
    );
}

/** Save an answer whose address is too long for a link. */
async function save(asked: Asked, format: Format, file: string): Promise<void> {
    const response = await request(asked, format.mediaType, new AbortController().signal);
    const address = URL.createObjectURL(await response.blob());
    element("a", { href: address, download: file }).click();
    URL.revokeObjectURL(address);
}
