// The list of questions: narrowed by what is written above it, and put into the editor.

/** Whether a text has all words that are wanted. */
export function hasAll(text: string, wanted: string): boolean {
    const inside = text.toLowerCase();
    return wanted
        .toLowerCase()
        .split(/\s+/)
        .every((word) => inside.includes(word));
}

/** Let questions be looked for, and `take` the text of one that is chosen. */
export function gallery(list: HTMLElement, take: (text: string) => void): void {
    const field = list.querySelector<HTMLInputElement>("input");
    const none = list.querySelector<HTMLElement>("[data-none]");
    const groups = [...list.querySelectorAll<HTMLElement>("[data-group]")];
    if (field?.parentElement) {
        field.parentElement.hidden = false;
    }
    field?.addEventListener("input", () => {
        for (const group of groups) {
            const items = [...group.querySelectorAll<HTMLElement>("li")];
            for (const item of items) {
                item.hidden = !hasAll(item.dataset.search ?? "", field.value.trim());
            }
            group.hidden = items.every((item) => item.hidden);
        }
        if (none) {
            none.hidden = !groups.every((group) => group.hidden);
        }
    });
    list.addEventListener("click", (event) => {
        const link = event.target instanceof Element && event.target.closest("a");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) {
            return; // whoever wants a new tab gets the question's own page
        }
        event.preventDefault();
        void fetch(`${link.pathname}?format=sparql`)
            .then((response) => (response.ok ? response.text() : Promise.reject(response)))
            .then(take)
            .catch(() => location.assign(link.href));
    });
}
