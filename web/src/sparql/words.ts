// The texts of the page that its script needs, in the language of the page.

export type Words = Readonly<Record<string, string>>;

/** A text with its places filled; the key where the page has no text for it. */
export function fill(
    words: Words,
    key: string,
    values: Readonly<Record<string, string | number>> = {},
): string {
    const text = words[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
