// "Why?" in place: the proof that the link leads to, in a dialog above the page.
//
// The proof is taken from the page of the same server, whose policy lets no script run in it.

let dialog: HTMLDialogElement | undefined;

export function explain(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-why]")) {
        link.addEventListener("click", (event) => {
            const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
            if (isPlain && event.button === 0) {
                event.preventDefault();
                void open(link);
            }
        });
    }
}

async function open(link: HTMLAnchorElement): Promise<void> {
    const asked = new AbortController();
    const shown = made(link, asked);
    const waiting = document.createElement("p");
    waiting.role = "status";
    waiting.textContent = "…";
    shown.body.replaceChildren(waiting);
    if (!shown.dialog.open) {
        shown.dialog.showModal();
    }
    try {
        const response = await fetch(link.href, {
            headers: { Accept: "text/html" },
            signal: asked.signal,
        });
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const main = page.querySelector("main");
        if (!main) {
            throw new Error("the answer is no page");
        }
        const found = document.importNode(main, true);
        for (const element of found.querySelectorAll("[id]")) {
            element.id = `why-${element.id}`;
        }
        for (const element of found.querySelectorAll<HTMLAnchorElement>("a[href^='#']")) {
            element.href = `#why-${element.hash.slice(1)}`;
        }
        shown.body.replaceChildren(...found.children);
    } catch (error) {
        if (!(error instanceof DOMException && error.name === "AbortError")) {
            location.assign(link.href);
        }
    }
}

/** The dialog, which is one for the page; who closes it wants no answer any more. */
function made(
    link: HTMLAnchorElement,
    asked: AbortController,
): { dialog: HTMLDialogElement; body: HTMLElement } {
    dialog?.remove();
    const own = document.createElement("dialog");
    dialog = own;
    own.className = "why-dialog";
    own.ariaLabel = link.textContent ?? "";
    const form = document.createElement("form");
    form.method = "dialog";
    const close = document.createElement("button");
    close.className = "quiet";
    close.textContent = "×";
    close.ariaLabel = link.dataset.why ?? "";
    form.append(close);
    const body = document.createElement("div");
    own.append(form, body);
    own.addEventListener("click", (event) => {
        if (event.target === own) {
            own.close();
        }
    });
    own.addEventListener("close", () => {
        asked.abort();
        own.remove();
        link.focus();
    });
    document.body.append(own);
    return { dialog: own, body };
}
