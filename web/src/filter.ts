// A field that shows of some items only those whose text has what is typed.

/** Letters as people compare them: neither case nor accents nor hyphens make a difference. */
function plain(text: string): string {
    return text
        .normalize("NFKD")
        .toLowerCase()
        .replace(/[\p{M}\s_-]+/gu, "");
}

function apply(area: HTMLElement, text: string): number {
    const wanted = plain(text);
    const shown = new Set<string>();
    for (const item of area.querySelectorAll<HTMLElement>("[data-text]")) {
        item.hidden = !plain(item.dataset.text ?? "").includes(wanted);
        if (!item.hidden) {
            shown.add(item.dataset.text ?? "");
        }
    }
    for (const group of area.querySelectorAll<HTMLElement>("[data-group]")) {
        group.hidden = !group.querySelector("[data-text]:not([hidden])");
        if (group instanceof HTMLDetailsElement && wanted) {
            group.open = true;
        }
    }
    return shown.size;
}

export function filterAsTyped(): void {
    for (const field of document.querySelectorAll<HTMLInputElement>("input[data-filter]")) {
        const area = field.closest<HTMLElement>("[data-filtered]");
        const output = field.form?.querySelector("output");
        const change = () => {
            if (area && output) {
                const count = apply(area, field.value);
                output.textContent = field.value.trim() ? String(count) : "";
            }
        };
        field.addEventListener("input", change);
        field.form?.addEventListener("submit", (event) => event.preventDefault());
        if (field.value) {
            change(); // what a browser has kept of an earlier visit
        }
    }
}
