// Elements, whose texts are never markup and hide nothing.

type Attributes = Readonly<Record<string, string | boolean | undefined>>;

const UNSEEN =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/g;

/** A text with a mark for each character that nobody would see, as the server's pages have it. */
export const visible = (text: string): string => text.replace(UNSEEN, "\ufffd");

/** An element with attributes and with children, of which texts stay texts. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    attributes: Attributes = {},
    ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined && value !== false) {
            made.setAttribute(name, value === true ? "" : value);
        }
    }
    made.append(...children.map((child) => (typeof child === "string" ? visible(child) : child)));
    return made;
}

export function button(text: string, press: () => void, attributes: Attributes = {}) {
    const made = element("button", { type: "button", ...attributes }, text);
    made.addEventListener("click", press);
    return made;
}

/** A field in which one of some texts is chosen. */
export function choice(
    label: string,
    options: readonly (readonly [value: string, text: string])[],
    chosen: string,
    choose: (value: string) => void,
): HTMLLabelElement {
    const select = element(
        "select",
        {},
        ...options.map(([value, text]) =>
            element("option", { value, selected: value === chosen }, text),
        ),
    );
    select.addEventListener("change", () => choose(select.value));
    return element("label", {}, element("span", {}, label), select);
}
